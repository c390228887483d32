/**
 * Ed25519 keys: signing through a seam, since a browser's key never leaves WebCrypto; verifying in one
 * place, since verifiers disagree on edge cases and devices must not (protocol.md §1).
 */

import { getPublicKey, hashes, Point, sign, verify } from '@noble/ed25519'
import { sha512 } from '@noble/hashes/sha2.js'

// @noble/ed25519 takes its hash from outside; without one its synchronous functions throw.
hashes.sha512 = sha512

/** A private key that can be asked to sign. */
export interface Signer {
  /** Raw Ed25519 public key, 32 bytes. */
  readonly publicKey: Uint8Array
  /** The Ed25519 signature of `bytes`, 64 bytes (RFC 8032, pure). */
  sign(bytes: Uint8Array): Promise<Uint8Array>
}

/** Length of an Ed25519 public key and of a seed, in bytes. */
export const KEY_BYTES = 32
/** Length of an Ed25519 signature, in bytes. */
export const SIGNATURE_BYTES = 64

/** The signer of a 32-byte seed (RFC 8032 §5.1.5). */
export function signerFromSeed(seed: Uint8Array): Signer {
  const secret = Uint8Array.from(seed)
  return {
    publicKey: getPublicKey(secret),
    sign: async (bytes) => sign(bytes, secret),
  }
}

/**
 * Whether `signature` is that of `bytes` under `publicKey`, by the rules of ZIP-215: the one verifier
 * of all that decides shared state (ID-5). Never throws. Takes about 1.4 ms.
 */
export function verifySignature(
  publicKey: Uint8Array,
  bytes: Uint8Array,
  signature: Uint8Array,
): boolean {
  try {
    return verify(signature, bytes, publicKey, { zip215: true })
  } catch {
    // A key or a signature of another length.
    return false
  }
}

/**
 * Whether a key may come into an account: the one encoding of a point on the curve, in the prime-order
 * subgroup and not its neutral element (ID-6). On such keys all verifiers agree about honest
 * signatures, and no signature holds for two messages.
 */
export function isEnrollableKey(publicKey: Uint8Array): boolean {
  try {
    const point = Point.fromBytes(publicKey, false)
    return !point.isSmallOrder() && point.isTorsionFree()
  } catch {
    // Not 32 bytes, not the one encoding, or no point of the curve.
    return false
  }
}
