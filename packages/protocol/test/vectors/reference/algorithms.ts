/**
 * The algorithms of SES-1 on node:crypto. XChaCha20 is made of ChaCha20 here, by its draft. Only ML-KEM-768 is
 * the same library as in the code under test: Node 22 has none. Its own public vectors are checked elsewhere.
 */

import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createHmac,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  hkdfSync,
  sign,
} from 'node:crypto'
import { joined } from './bytes.ts'

/** FIPS 180-4, of the parts joined. */
export function sha256(...parts: readonly (Uint8Array | string)[]): Uint8Array {
  return Uint8Array.from(
    createHash('sha256')
      .update(joined(...parts))
      .digest(),
  )
}

/** FIPS 180-4, of the parts joined. */
export function sha512(...parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(
    createHash('sha512')
      .update(joined(...parts))
      .digest(),
  )
}

/** SHA3-256 (FIPS 202). */
export function sha3(bytes: Uint8Array): Uint8Array {
  return Uint8Array.from(createHash('sha3-256').update(bytes).digest())
}

/** FIPS 202. */
export function shake256(bytes: Uint8Array, outputLength: number): Uint8Array {
  return Uint8Array.from(createHash('shake256', { outputLength }).update(bytes).digest())
}

/** HMAC-SHA256 (RFC 2104). */
export function hmac(key: Uint8Array, bytes: Uint8Array): Uint8Array {
  return Uint8Array.from(createHmac('sha256', key).update(bytes).digest())
}

/** HKDF-SHA256 (RFC 5869). */
export function hkdf(input: {
  readonly secret: Uint8Array
  readonly salt?: Uint8Array
  readonly info: Uint8Array
  readonly length: number
}): Uint8Array {
  const { secret, salt = new Uint8Array(), info, length } = input
  return new Uint8Array(hkdfSync('sha256', secret, salt, info, length))
}

/** PKCS #8 and SPKI headers (RFC 8410 §7 and §4). */
const HEADERS = {
  x25519: ['302e020100300506032b656e04220420', '302a300506032b656e032100'],
  ed25519: ['302e020100300506032b657004220420', '302a300506032b6570032100'],
} as const

type Curve = keyof typeof HEADERS

function secretKeyOf(curve: Curve, secret: Uint8Array) {
  const key = Buffer.concat([Buffer.from(HEADERS[curve][0], 'hex'), secret])
  return createPrivateKey({ key, format: 'der', type: 'pkcs8' })
}

/** The public half of an X25519 secret, or of an Ed25519 seed. */
export function publicKeyOf(curve: Curve, secret: Uint8Array): Uint8Array {
  const key = createPublicKey(secretKeyOf(curve, secret))
  return Uint8Array.from(key.export({ format: 'der', type: 'spki' }).subarray(-32))
}

/** X25519 (RFC 7748). @throws Error for a key of small order */
export function agree(secret: Uint8Array, publicKey: Uint8Array): Uint8Array {
  const key = Buffer.concat([Buffer.from(HEADERS.x25519[1], 'hex'), publicKey])
  const theirs = createPublicKey({ key, format: 'der', type: 'spki' })
  return Uint8Array.from(
    diffieHellman({ privateKey: secretKeyOf('x25519', secret), publicKey: theirs }),
  )
}

/** RFC 8032. */
export function signEd25519(seed: Uint8Array, bytes: Uint8Array): Uint8Array {
  return Uint8Array.from(sign(null, bytes, secretKeyOf('ed25519', seed)))
}

interface Sealing {
  readonly key: Uint8Array
  readonly nonce: Uint8Array
  readonly bytes: Uint8Array
  readonly associatedData: Uint8Array
}

const TAG = { authTagLength: 16 } as const

/** ChaCha20-Poly1305 (RFC 8439): ciphertext and tag. */
export function sealChaCha({ key, nonce, bytes, associatedData }: Sealing): Uint8Array {
  const cipher = createCipheriv('chacha20-poly1305', key, nonce, TAG)
  cipher.setAAD(associatedData, { plaintextLength: bytes.length })
  return joined(cipher.update(bytes), cipher.final(), cipher.getAuthTag())
}

/** The plaintext. @throws Error when the tag is another */
export function openChaCha({ key, nonce, bytes, associatedData }: Sealing): Uint8Array {
  const decipher = createDecipheriv('chacha20-poly1305', key, nonce, TAG)
  decipher.setAAD(associatedData, { plaintextLength: bytes.length - TAG.authTagLength })
  decipher.setAuthTag(bytes.subarray(-TAG.authTagLength))
  const ciphertext = bytes.subarray(0, -TAG.authTagLength)
  return joined(decipher.update(ciphertext), decipher.final())
}

/** draft-irtf-cfrg-xchacha §2.3: HChaCha20 of the first 16 bytes of the nonce is the key, the rest its nonce. */
export function sealXChaCha(sealing: Sealing): Uint8Array {
  return sealChaCha({ ...sealing, ...split(sealing) })
}

/** The plaintext. @throws Error when the tag is another */
export function openXChaCha(sealing: Sealing): Uint8Array {
  return openChaCha({ ...sealing, ...split(sealing) })
}

function split({ key, nonce }: Sealing): Pick<Sealing, 'key' | 'nonce'> {
  return {
    key: hChaCha20(key, nonce.subarray(0, 16)),
    nonce: joined(new Uint8Array(4), nonce.subarray(16)),
  }
}

/**
 * HChaCha20 out of ChaCha20: the first block of the key stream is the permuted state plus the state, and
 * the state is known. What remains are its first and last four words (draft-irtf-cfrg-xchacha §2.2).
 */
function hChaCha20(key: Uint8Array, input: Uint8Array): Uint8Array {
  const block = createCipheriv('chacha20', key, input).update(new Uint8Array(64))
  const words = (bytes: Uint8Array) => new DataView(Uint8Array.from(bytes).buffer)
  const stream = words(block)
  const start = words(joined('expand 32-byte k', key, input))
  const permuted = new DataView(new ArrayBuffer(64))
  for (let at = 0; at < 64; at += 4) {
    permuted.setUint32(at, stream.getUint32(at, true) - start.getUint32(at, true), true)
  }
  const bytes = new Uint8Array(permuted.buffer)
  return joined(bytes.subarray(0, 16), bytes.subarray(48))
}
