/** The check that FIPS 203 §7.2 demands before a key is encapsulated to. */

import { KEM_PUBLIC_KEY_BYTES } from './primitives.ts'

/** q of FIPS 203 §2.4: coefficients are numbers below it. */
const MODULUS = 3329
/** ρ, the last 32 bytes of a key: any value is one. */
const SEED_BYTES = 32

/**
 * Whether bytes are an ML-KEM-768 public key: as long as one, and every coefficient below the modulus
 * (FIPS 203 §7.2, type check and modulus check). For keys that come from a peer, before they are kept:
 * `encapsulate` checks too, but by then somebody waits for the answer. Says nothing about who made the key.
 */
export function isMlKemPublicKey(bytes: Uint8Array): boolean {
  if (bytes.length !== KEM_PUBLIC_KEY_BYTES) return false
  // ByteDecode₁₂ (FIPS 203 §4.2.1): three bytes hold two coefficients, the low bits first.
  for (let at = 0; at < KEM_PUBLIC_KEY_BYTES - SEED_BYTES; at += 3) {
    const middle = bytes[at + 1] ?? 0
    const first = (bytes[at] ?? 0) | ((middle & 0x0f) << 8)
    const second = (middle >> 4) | ((bytes[at + 2] ?? 0) << 4)
    if (first >= MODULUS || second >= MODULUS) return false
  }
  return true
}
