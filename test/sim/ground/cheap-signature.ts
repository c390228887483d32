/** A stand-in for Ed25519: who has the public key could sign, but nobody in a simulated world forges (SIM-6). */

import { equalBytes } from '@kithmesh/protocol'
import { cheapHash } from './cheap-hash.ts'

/** The public key of a 32-byte seed. */
export function cheapPublicKey(seed: Uint8Array): Uint8Array {
  return cheapHash(seed)
}

/** 64 bytes over `bytes`, by the holder of a public key. */
export function cheapSignature(publicKey: Uint8Array, bytes: Uint8Array): Uint8Array {
  const signature = new Uint8Array(64)
  const half = cheapHash(publicKey, bytes)
  signature.set(half)
  signature.set(cheapHash(half, publicKey), 32)
  return signature
}

/** Whether a signature is that of `bytes` by the holder of `publicKey`. */
export function isCheapSignature(
  publicKey: Uint8Array,
  bytes: Uint8Array,
  signature: Uint8Array,
): boolean {
  return equalBytes(signature, cheapSignature(publicKey, bytes))
}
