/** The algorithms of sessions on Node: native where Node has them, noble where it has not. */

import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createHmac,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  hkdfSync,
  type KeyObject,
} from 'node:crypto'
import {
  type Aead,
  type AeadInput,
  KithError,
  noblePrimitives,
  type Primitives,
  type X25519,
} from '@kithmesh/protocol'

const KEY_BYTES = 32
const NONCE_BYTES = 12
const TAG_BYTES = 16

/** X25519 by JWK: importing raw keys as DER is 6× slower (protocol.md §1). */
const nodeX25519: X25519 = {
  keyPair: (secretKey) => ({ publicKey: publicHalf(privateKey(secretKey)), secretKey }),
  // OpenSSL fails on the all-zero result of a key of small order (RFC 7748 §6.1).
  agree: (secretKey, publicKey) =>
    orRefused(() =>
      plain(
        diffieHellman({ privateKey: privateKey(secretKey), publicKey: importPublic(publicKey) }),
      ),
    ),
}

const nodeAes256Gcm: Aead = {
  seal: (input) => {
    const { key, nonce, bytes, associatedData } = checked(input)
    const cipher = createCipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG_BYTES })
    cipher.setAAD(associatedData)
    return plain(Buffer.concat([cipher.update(bytes), cipher.final(), cipher.getAuthTag()]))
  },
  open: (input) => {
    const { key, nonce, bytes, associatedData } = checked(input)
    const end = bytes.length - TAG_BYTES
    if (end < 0) return undefined
    const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG_BYTES })
    decipher.setAAD(associatedData).setAuthTag(bytes.subarray(end))
    const plaintext = decipher.update(bytes.subarray(0, end))
    try {
      return plain(Buffer.concat([plaintext, decipher.final()]))
    } catch {
      return undefined
    }
  },
}

/** Everything {@link Primitives} asks for; passes protocol's `checkPrimitives`. */
export const nodePrimitives: Primitives = {
  ...noblePrimitives,
  sha256: (bytes) => plain(createHash('sha256').update(bytes).digest()),
  hmacSha256: (key, bytes) => plain(createHmac('sha256', key).update(bytes).digest()),
  hkdfSha256: ({ secret, salt, info, length }) =>
    new Uint8Array(hkdfSync('sha256', secret, salt, info, length)),
  x25519: nodeX25519,
  aes256Gcm: nodeAes256Gcm,
}

function checked(input: AeadInput): AeadInput {
  if (input.key.length === KEY_BYTES && input.nonce.length === NONCE_BYTES) return input
  throw new KithError('ERR_KEY_REFUSED', 'an AEAD key or nonce of another length')
}

/** Node wants an `x` beside `d` and does not look at it. */
function privateKey(secretKey: Uint8Array): KeyObject {
  return orRefused(() => {
    const d = base64url(secretKey)
    return createPrivateKey({ key: { kty: 'OKP', crv: 'X25519', d, x: d }, format: 'jwk' })
  })
}

function importPublic(publicKey: Uint8Array): KeyObject {
  const x = base64url(publicKey)
  return createPublicKey({ key: { kty: 'OKP', crv: 'X25519', x }, format: 'jwk' })
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
