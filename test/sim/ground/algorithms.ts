/**
 * The algorithms of a simulated device. All answer at once, so that no thread of Node decides what comes first;
 * and those that are slow have a stand-in with the same contract, lengths and refusals, since a run makes
 * thousands of keys (SIM-6). SHA-256, by which ids are made and records chained, is the real one.
 */

import {
  AEAD_TAG_BYTES,
  type Aead,
  type AeadInput,
  CHACHA_NONCE_BYTES,
  equalBytes,
  GCM_NONCE_BYTES,
  type Primitives,
} from '@kithmesh/protocol'
import type { StoreKey } from '../../../packages/node/src/platform.ts'
import { nodePrimitives } from '../../../packages/node/src/primitives.node.ts'
import { cheapHash, stretched } from './cheap-hash.ts'
import { cheapKem, cheapX25519 } from './cheap-keys.ts'
import { isCheapSignature } from './cheap-signature.ts'

/** What the devices of a simulated world compute with. */
export const simPrimitives: Primitives = {
  ...nodePrimitives,
  verifyEd25519: ({ publicKey, bytes, signature }) => isCheapSignature(publicKey, bytes, signature),
  hmacSha256: (key, bytes) => cheapHash(key, bytes),
  hkdfSha256: ({ secret, salt, info, length }) => stretched(cheapHash(salt, secret, info), length),
  x25519: {
    keyPair: (secretKey) => ({ publicKey: cheapX25519.getPublicKey(secretKey), secretKey }),
    agree: (secretKey, publicKey) => cheapX25519.getSharedSecret(secretKey, publicKey),
  },
  mlKem768: {
    keyPair: (seed) => cheapKem.keygen(seed),
    encapsulate: (publicKey, randomness) => {
      const { cipherText, sharedSecret } = cheapKem.encapsulate(publicKey, randomness)
      return { ciphertext: cipherText, sharedSecret }
    },
    decapsulate: (seed, ciphertext) => cheapKem.decapsulate(ciphertext, seed),
  },
  xchacha20Poly1305: cheapAead(2 * CHACHA_NONCE_BYTES),
  aes256Gcm: cheapAead(GCM_NONCE_BYTES),
}

/** The key of a simulated disk: values stand there as they are, behind a tag that a changed one does not have. */
export function simStoreKey(secret: Uint8Array): StoreKey {
  return {
    seal: (plaintext, { nonce, associated }) =>
      sealed({ key: secret, nonce, bytes: plaintext, associatedData: associated }),
    open: (bytes, { nonce, associated }) =>
      opened({ key: secret, nonce, bytes, associatedData: associated }),
    mac: (bytes) => cheapHash(secret, bytes),
  }
}

/** The bytes as they are, and a tag over all that went in: what opens is what was sealed, with that key. */
function cheapAead(nonceBytes: number): Aead {
  const checked = (input: AeadInput): AeadInput => {
    if (input.nonce.length !== nonceBytes) throw new RangeError(`a nonce of ${nonceBytes} bytes`)
    return input
  }
  return { seal: (input) => sealed(checked(input)), open: (input) => opened(checked(input)) }
}

function sealed({ key, nonce, bytes, associatedData }: AeadInput): Uint8Array {
  const out = new Uint8Array(bytes.length + AEAD_TAG_BYTES)
  out.set(bytes)
  out.set(cheapHash(key, nonce, associatedData, bytes).subarray(0, AEAD_TAG_BYTES), bytes.length)
  return out
}

function opened({ key, nonce, bytes, associatedData }: AeadInput): Uint8Array | undefined {
  const end = bytes.length - AEAD_TAG_BYTES
  if (end < 0) return undefined
  const tag = cheapHash(key, nonce, associatedData, bytes.subarray(0, end))
  return equalBytes(tag.subarray(0, AEAD_TAG_BYTES), bytes.subarray(end))
    ? bytes.slice(0, end)
    : undefined
}
