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
  type KeyObject,
  verify,
} from 'node:crypto'
import {
  expandedOnce,
  type HkdfInput,
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

const HASH_BYTES = 32
/** RFC 5869 §2.3: the counter is one byte. */
const MAX_HKDF_BYTES = 255 * HASH_BYTES

/** Everything {@link Primitives} asks for with one form of keys; passes `checkPrimitives` with either. */
export function createNodePrimitives(form: KeyForm): Primitives {
  return {
    ...noblePrimitives,
    // One-shot, as text: 0.4 µs at 300 bytes, where a buffer for each takes 1.2 and noble 1.7.
    sha256: (bytes) => bytesOfLatin1(hash('sha256', bytes, 'binary')),
    // 1.3 µs at 25 bytes, noble 2.3.
    hmacSha256: (key, bytes) => plain(hmac(form(key), bytes)),
    hkdfSha256: (input) => hkdf(input, form),
    verifyEd25519,
    x25519: nodeX25519,
    // 3.5 µs at 200 bytes, noble 6.4; at 16 KiB it is 9 against 70.
    xchacha20Poly1305: xchachaOver(nodeChaCha20Poly1305(form)),
    aes256Gcm: nodeAes256Gcm(form),
  }
}

/**
 * Extract and expand (RFC 5869 §2) by HMAC: `hkdfSync` takes a tenth longer in a session, since each call leaves a
 * job and a key object behind for the garbage collector.
 */
function hkdf({ secret, salt, info, length }: HkdfInput, form: KeyForm): Uint8Array {
  if (length > MAX_HKDF_BYTES) throw new RangeError('HKDF gives at most 8,160 bytes')
  const key = form(hmac(form(salt.length > 0 ? salt : ZERO_SALT), secret))
  const output = new Uint8Array(Math.ceil(length / HASH_BYTES) * HASH_BYTES)
  const input = new Uint8Array(HASH_BYTES + info.length + 1)
  input.set(info, HASH_BYTES)
  for (let at = 0; at < length; at += HASH_BYTES) {
    input[input.length - 1] = at / HASH_BYTES + 1
    const block = hmac(key, at === 0 ? input.subarray(HASH_BYTES) : input)
    output.set(block, at)
    input.set(block)
  }
  return output.slice(0, length)
}

function hmac(key: Parameters<typeof createHmac>[1], bytes: Uint8Array): Uint8Array {
  return createHmac('sha256', key).update(bytes).digest()
}

/** A salt that is not given is as long as the hash (RFC 5869 §2.2). */
const ZERO_SALT = new Uint8Array(HASH_BYTES)

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

/** What a hash gives without a buffer that the garbage collector has to follow. */
function bytesOfLatin1(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length)
  for (let at = 0; at < bytes.length; at++) bytes[at] = text.charCodeAt(at)
  return bytes
}

/** An array of its own: a Buffer is a window on a pool, and its slice shares memory. */
function plain(buffer: Uint8Array): Uint8Array {
  return new Uint8Array(buffer)
}
