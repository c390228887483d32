import { gcm } from '@noble/ciphers/aes.js'
import { chacha20poly1305, xchacha20poly1305 } from '@noble/ciphers/chacha.js'
import { x25519 } from '@noble/curves/ed25519.js'
import { hkdf } from '@noble/hashes/hkdf.js'
import { hmac } from '@noble/hashes/hmac.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { ml_kem768 } from '@noble/post-quantum/ml-kem.js'
import { KithError } from '../errors.ts'
import { verifySignature } from '../identity/keys.ts'
import { checkAeadInput } from './aead-input.ts'
import { expandedOnce } from './expanded-keys.ts'
import {
  AEAD_TAG_BYTES,
  type AeadInput,
  CHACHA_NONCE_BYTES,
  GCM_NONCE_BYTES,
  type MlKem768,
  type Primitives,
  type X25519,
  XCHACHA_NONCE_BYTES,
} from './primitives.ts'

/** What both AEADs of noble have in common. */
interface NobleCipher {
  encrypt(plaintext: Uint8Array): Uint8Array
  decrypt(ciphertext: Uint8Array): Uint8Array
}

const nobleX25519: X25519 = {
  keyPair: (secretKey) =>
    orRefused('X25519', () => ({ publicKey: x25519.getPublicKey(secretKey), secretKey })),
  // Refuses keys of small order: the all-zero secret would let a peer choose the result (RFC 7748 §6.1).
  agree: (secretKey, publicKey) =>
    orRefused('X25519', () => x25519.getSharedSecret(secretKey, publicKey)),
}

const nobleMlKem768: MlKem768 = {
  keyPair: (seed) =>
    orRefused('ML-KEM-768', () => ({
      publicKey: expandedKeys(seed).publicKey.slice(),
      secretKey: seed,
    })),
  encapsulate: (publicKey, randomness) =>
    orRefused('ML-KEM-768', () => {
      const { cipherText, sharedSecret } = ml_kem768.encapsulate(publicKey, randomness)
      // A window on 64 bytes in noble.
      return { ciphertext: cipherText, sharedSecret: sharedSecret.slice() }
    }),
  decapsulate: (secretKey, ciphertext) =>
    orRefused('ML-KEM-768', () =>
      ml_kem768.decapsulate(ciphertext, expandedKeys(secretKey).secretKey).slice(),
    ),
}

/** 222 of the 510 µs of a decapsulation (Node 22) are spent on what this keeps. */
const expandedKeys = expandedOnce((seed) => ml_kem768.keygen(seed))

/** Every algorithm in pure TypeScript (@noble), synchronous, the same on every platform. */
export const noblePrimitives: Primitives = {
  verifyEd25519: ({ publicKey, bytes, signature }) => verifySignature(publicKey, bytes, signature),
  sha256: (bytes) => sha256(bytes),
  hmacSha256: (key, bytes) => hmac(sha256, key, bytes),
  hkdfSha256: ({ secret, salt, info, length }) => hkdf(sha256, secret, salt, info, length),
  x25519: nobleX25519,
  mlKem768: nobleMlKem768,
  xchacha20Poly1305: aead(XCHACHA_NONCE_BYTES, ({ key, nonce, associatedData }) =>
    xchacha20poly1305(key, nonce, associatedData),
  ),
  aes256Gcm: aead(GCM_NONCE_BYTES, ({ key, nonce, associatedData }) =>
    gcm(key, nonce, associatedData),
  ),
}

/** ChaCha20-Poly1305 (RFC 8439), for lockboxes (SES-17). */
export const nobleChaCha20Poly1305: SyncAead = aead(
  CHACHA_NONCE_BYTES,
  ({ key, nonce, associatedData }) => chacha20poly1305(key, nonce, associatedData),
)

/** An `Aead` that has its answer at once. */
interface SyncAead {
  seal(input: AeadInput): Uint8Array
  open(input: AeadInput): Uint8Array | undefined
}

function aead(nonceBytes: number, cipherOf: (input: AeadInput) => NobleCipher): SyncAead {
  const checked = (input: AeadInput): NobleCipher => cipherOf(checkAeadInput(input, nonceBytes))
  return {
    seal: (input) => checked(input).encrypt(input.bytes),
    open: (input) => {
      const cipher = checked(input)
      if (input.bytes.length < AEAD_TAG_BYTES) return undefined
      try {
        return cipher.decrypt(input.bytes)
      } catch {
        return undefined
      }
    },
  }
}

function orRefused<T>(name: string, compute: () => T): T {
  try {
    return compute()
  } catch (cause) {
    throw new KithError('ERR_KEY_REFUSED', `a key that ${name} refuses`, { cause })
  }
}
