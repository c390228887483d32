import { hexToBytes } from '@noble/hashes/utils.js'
import type { Check } from './check.ts'

/** RFC 8032 §7.1, test 3. */
const SIGNED = {
  publicKey: hexToBytes('fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025'),
  bytes: hexToBytes('af82'),
  signature: hexToBytes(
    '6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a',
  ),
}

const flipped = (bytes: Uint8Array, at: number): Uint8Array =>
  bytes.map((byte, index) => (index === at ? byte ^ 1 : byte))

/** What is not that signature: changed bytes, and keys and signatures that are none. */
const UNSIGNED = [
  { ...SIGNED, bytes: Uint8Array.of(0xaf) },
  { ...SIGNED, signature: flipped(SIGNED.signature, 0) },
  { ...SIGNED, signature: flipped(SIGNED.signature, 40) },
  { ...SIGNED, signature: SIGNED.signature.slice(0, 63) },
  { ...SIGNED, publicKey: flipped(SIGNED.publicKey, 5) },
  { ...SIGNED, publicKey: SIGNED.publicKey.slice(0, 31) },
  { ...SIGNED, publicKey: new Uint8Array(32).fill(0xff) },
]

/** Honest signatures hold, others do not, and nothing throws. */
export const ED25519_CHECKS: readonly Check[] = [
  {
    name: 'Ed25519 (RFC 8032 §7.1, test 3)',
    holds: async ({ verifyEd25519 }) => verifyEd25519(SIGNED),
  },
  {
    name: 'Ed25519 refuses what is not signed',
    holds: async ({ verifyEd25519 }) => {
      const verdicts = await Promise.all(UNSIGNED.map((signed) => verifyEd25519(signed)))
      return !verdicts.includes(true)
    },
  },
]
