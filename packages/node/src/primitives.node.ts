/**
 * The algorithms of sessions on Node: native where Node has them, noble where it has not (ML-KEM-768 on Node
 * 22). Figures are of Node 22.23 on one 2-core machine, the best of many rounds: their ratios are what counts.
 */

import {
  createHmac,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  hash,
  hkdfSync,
  type KeyObject,
  verify,
} from 'node:crypto'
import {
  expandedOnce,
  KithError,
  noblePrimitives,
  type Primitives,
  type SignedBytes,
  type X25519,
  xchachaOver,
} from '@kithmesh/protocol'
import {
  asBytes,
  asKeyObject,
  type KeyForm,
  nodeAes256Gcm,
  nodeChaCha20Poly1305,
} from './aead.node.ts'

/** What `hkdfSync` takes; RFC 5869 has no such limit. */
const MAX_HKDF_INFO_BYTES = 1024

/** Everything {@link Primitives} asks for with one form of keys; passes `checkPrimitives` with either. */
export function createNodePrimitives(form: KeyForm): Primitives {
  return {
    ...noblePrimitives,
    // One-shot: 0.7 µs at 300 bytes, where createHash takes 0.8 and noble 1.7; at 1,500 it is 1.3 against 6.6.
    sha256: (bytes) => plain(hash('sha256', bytes, 'buffer')),
    // 1.3 µs at 25 bytes, noble 2.3.
    hmacSha256: (key, bytes) => plain(createHmac('sha256', form(key)).update(bytes).digest()),
    // 4.8 µs for 64 bytes, noble 6.0.
    hkdfSha256: (input) => {
      const { secret, salt, info, length } = input
      if (info.length > MAX_HKDF_INFO_BYTES) return noblePrimitives.hkdfSha256(input)
      return new Uint8Array(hkdfSync('sha256', form(secret), salt, info, length))
    },
    verifyEd25519,
    x25519: nodeX25519,
    // 3.5 µs at 200 bytes, noble 6.4; at 16 KiB it is 9 against 70.
    xchacha20Poly1305: xchachaOver(nodeChaCha20Poly1305(form)),
    aes256Gcm: nodeAes256Gcm(form),
  }
}

/**
 * 22 µs for a pair and 49 µs for an agreement (noble 265 and 794). 21 µs of each are spent on reading the
 * secret key, of which OpenSSL makes the public one at once: so it is read once, and by JWK, 3 µs cheaper
 * than DER, as public keys are (2 against 5).
 */
const nodeX25519: X25519 = {
  keyPair: (secretKey) =>
    orRefused(() => ({ publicKey: publicHalf(privateKey(secretKey)), secretKey })),
  // OpenSSL fails on the all-zero result of a key of small order (RFC 7748 §6.1).
  agree: (secretKey, publicKey) =>
    orRefused(() =>
      plain(
        diffieHellman({ privateKey: privateKey(secretKey), publicKey: importPublic(publicKey) }),
      ),
    ),
}

const isNode22 = process.versions.node.startsWith('22.')

/** {@link createNodePrimitives} with the form of keys that this Node is quicker with. */
export const nodePrimitives: Primitives = createNodePrimitives(isNode22 ? asBytes : asKeyObject)

const privateKey = expandedOnce((secretKey): KeyObject => {
  // Node wants an `x` beside `d` and does not look at it.
  const d = base64url(secretKey)
  return createPrivateKey({ key: { kty: 'OKP', crv: 'X25519', d, x: d }, format: 'jwk' })
})

function importPublic(publicKey: Uint8Array, curve: 'X25519' | 'Ed25519' = 'X25519'): KeyObject {
  const x = base64url(publicKey)
  return createPublicKey({ key: { kty: 'OKP', crv: curve, x }, format: 'jwk' })
}

/** 14 times quicker than noble. */
function verifyEd25519({ publicKey, bytes, signature }: SignedBytes): boolean {
  try {
    return verify(null, bytes, importPublic(publicKey, 'Ed25519'), signature)
  } catch {
    // A key that is not a point: nothing it signs is valid.
    return false
  }
}

function publicHalf(key: KeyObject): Uint8Array {
  const { x } = createPublicKey(key).export({ format: 'jwk' })
  return plain(Buffer.from(x ?? '', 'base64url'))
}

function orRefused<T>(compute: () => T): T {
  try {
    return compute()
  } catch (cause) {
    throw new KithError('ERR_KEY_REFUSED', 'a key that X25519 refuses', { cause })
  }
}

function base64url(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64url')
}

/** An array of its own: a Buffer is a window on a pool, and its slice shares memory. */
function plain(buffer: Uint8Array): Uint8Array {
  return new Uint8Array(buffer)
}
