/**
 * The security code two people compare once: 60 digits over both accounts and their root keys, as Signal's
 * numeric fingerprint (ID-10). It is about accounts and not about devices, so linking one changes nothing.
 */

import { sha512 } from '@noble/hashes/sha2.js'
import { type AccountId, accountIdToBytes } from '../ids.ts'
import { joinBytes } from './domain.ts'

/** Rounds of SHA-512 for one side: what makes searching for equal digits 5,200 times dearer. */
const ITERATIONS = 5200
/** Version of the algorithm, two bytes before everything else. */
const FINGERPRINT_VERSION = Uint8Array.of(0, 0)
/** Digits in a group, and bytes each group is made of. */
const GROUP = 5
/** Groups that stand for one side: 30 digits. */
const GROUPS_PER_SIDE = 6
/** How much of a fingerprint a QR code compares; the digits stand for its first 30 bytes. */
export const FINGERPRINT_BYTES = 32

/**
 * One side of a security code, 32 bytes: SHA-512 over version ‖ key ‖ identifier ‖ key, then 5,199 times
 * over the last hash ‖ key. Digit-equal to the published algorithm, therefore without a domain string.
 * Takes some 20 ms: whoever asks often keeps it.
 *
 * Source: libsignal, `rust/protocol/src/fingerprint.rs`.
 *
 * @param key public key, as it is serialised
 * @param identifier what names its holder and never changes
 */
export function numericFingerprint(key: Uint8Array, identifier: Uint8Array): Uint8Array {
  let hash = sha512(joinBytes(FINGERPRINT_VERSION, key, identifier, key))
  for (let done = 1; done < ITERATIONS; done++) hash = sha512(joinBytes(hash, key))
  return hash.slice(0, FINGERPRINT_BYTES)
}

/** The side of an account: its root key, named by its account id, which is a hash over that key (ID-10). */
export function accountFingerprint(account: AccountId, root: Uint8Array): Uint8Array {
  return numericFingerprint(root, accountIdToBytes(account))
}

/**
 * The 60 digits of two sides, the smaller 30 first: the same on both devices.
 *
 * @example
 * ```ts
 * const ours = accountFingerprint(ada, rootOfAda)
 * const digits = securityDigits(ours, accountFingerprint(ben, rootOfBen))
 * digitGroups(digits).length // 12
 * ```
 */
export function securityDigits(one: Uint8Array, other: Uint8Array): string {
  return [digitsOf(one), digitsOf(other)].sort().join('')
}

/** Digits in groups of five, as people read them out. */
export function digitGroups(digits: string): readonly string[] {
  return Array.from({ length: Math.ceil(digits.length / GROUP) }, (_, at) =>
    digits.slice(at * GROUP, (at + 1) * GROUP),
  )
}

function digitsOf(fingerprint: Uint8Array): string {
  const groups = Array.from({ length: GROUPS_PER_SIDE }, (_, at) =>
    fingerprint.subarray(at * GROUP, (at + 1) * GROUP),
  )
  return groups.map(groupOf).join('')
}

/** Five bytes, big-endian, modulo 100,000; 40 bits are exact in a number. */
function groupOf(bytes: Uint8Array): string {
  const value = bytes.reduce((sum, byte) => sum * 256 + byte, 0)
  return String(value % 10 ** GROUP).padStart(GROUP, '0')
}
