/** Stand-ins for X25519 and ML-KEM-768: the same lengths and the same agreement of both ends (SIM-6). */

import { cheapHash } from './cheap-hash.ts'

const KEM_PUBLIC_BYTES = 1184
const KEM_CIPHERTEXT_BYTES = 1088
const RANDOMNESS_BYTES = 32
const PRIME = 33_554_393
const LANES = 8

/** Products in a small field, eight at a time: both ends come to the same one, as with X25519. */
export const cheapX25519 = {
  getPublicKey: (secret: Uint8Array): Uint8Array => productOf(secret, BASE),
  getSharedSecret: (secret: Uint8Array, publicKey: Uint8Array): Uint8Array =>
    productOf(secret, lanesOf(publicKey)),
} as const

const BASE: readonly number[] = Array.from({ length: LANES }, (_, lane) => 7 + lane)

function lanesOf(bytes: Uint8Array): readonly number[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return Array.from({ length: LANES }, (_, lane) => (view.getUint32(4 * lane) % (PRIME - 1)) + 1)
}

function productOf(secret: Uint8Array, other: readonly number[]): Uint8Array {
  const out = new Uint8Array(4 * LANES)
  const view = new DataView(out.buffer)
  for (const [lane, factor] of lanesOf(cheapHash(secret)).entries()) {
    // One less, since reading adds it again.
    view.setUint32(4 * lane, ((factor * (other[lane] ?? 1)) % PRIME) - 1)
  }
  return out
}

/** A KEM whose ciphertext holds the randomness as it is. */
export const cheapKem = {
  keygen: (
    seed: Uint8Array,
  ): { readonly publicKey: Uint8Array; readonly secretKey: Uint8Array } => ({
    publicKey: kemPublicKey(seed),
    secretKey: seed,
  }),
  encapsulate: (
    publicKey: Uint8Array,
    randomness: Uint8Array,
  ): { readonly cipherText: Uint8Array; readonly sharedSecret: Uint8Array } => {
    const cipherText = new Uint8Array(KEM_CIPHERTEXT_BYTES)
    cipherText.set(randomness)
    return { cipherText, sharedSecret: cheapHash(publicKey, randomness) }
  },
  decapsulate: (ciphertext: Uint8Array, seed: Uint8Array): Uint8Array =>
    cheapHash(kemPublicKey(seed), ciphertext.subarray(0, RANDOMNESS_BYTES)),
} as const

function kemPublicKey(seed: Uint8Array): Uint8Array {
  const key = new Uint8Array(KEM_PUBLIC_BYTES)
  key.set(cheapHash(seed))
  return key
}
