import { createHash } from 'node:crypto'
import { hexToBytes } from '@noble/hashes/utils.js'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type AccountId, accountIdFromBytes } from '../ids.ts'
import {
  accountFingerprint,
  digitGroups,
  numericFingerprint,
  securityDigits,
} from './security-code.ts'

/**
 * The published vectors: signalapp/libsignal, rust/protocol/src/fingerprint.rs, `fingerprint_test_v1`
 * and `_v2`. Keys as they are serialised there, with the type byte 0x05 in front.
 */
const ALICE = {
  key: hexToBytes('0506863bc66d02b40d27b8d49ca7c09e9239236f9d7d25d6fcca5ce13c7064d868'),
  identifier: new TextEncoder().encode('+14152222222'),
  fingerprint: hexToBytes('1e301a0353dce3dbe7684cb8336e85136cdc0ee96219494ada305d62a7bd61df'),
}
const BOB = {
  key: hexToBytes('05f781b6fb32fed9ba1cf2de978d4d5da28dc34046ae814402b5c0dbd96fda907b'),
  identifier: new TextEncoder().encode('+14153333333'),
  fingerprint: hexToBytes('d62cbf73a11592015b6b9f1682ac306fea3aaf3885b84d12bca631e9d4fb3a4d'),
}
const DIGITS = '300354477692869396892869876765458257569162576843440918079131'

const account = (fill: number): AccountId => accountIdFromBytes(new Uint8Array(32).fill(fill))
const root = (fill: number): Uint8Array => new Uint8Array(32).fill(fill)

describe('ID-10 the security code', () => {
  test('ID-10: digits and fingerprints are those of the published vectors, whoever asks', () => {
    const alice = numericFingerprint(ALICE.key, ALICE.identifier)
    const bob = numericFingerprint(BOB.key, BOB.identifier)
    expect(alice).toEqual(ALICE.fingerprint)
    expect(bob).toEqual(BOB.fingerprint)
    expect(securityDigits(alice, bob)).toBe(DIGITS)
    expect(securityDigits(bob, alice)).toBe(DIGITS)
  })

  test('ID-10: an independent SHA-512 comes to the same for accounts', () => {
    const id = new Uint8Array(32).fill(3)
    const key = root(4)
    const sha512 = (...parts: Uint8Array[]): Uint8Array => {
      const hash = createHash('sha512')
      for (const part of parts) hash.update(part)
      return new Uint8Array(hash.digest())
    }
    let expected = sha512(new Uint8Array(2), key, id, key)
    for (let round = 1; round < 5200; round++) expected = sha512(expected, key)
    expect(accountFingerprint(accountIdFromBytes(id), key)).toEqual(expected.slice(0, 32))
  })

  test('ID-10: another account or another root key is another code', () => {
    const own = accountFingerprint(account(1), root(1))
    const codes = [
      securityDigits(own, accountFingerprint(account(2), root(2))),
      securityDigits(own, accountFingerprint(account(2), root(3))),
      securityDigits(own, accountFingerprint(account(3), root(2))),
    ]
    expect(new Set(codes).size).toBe(3)
  })

  test('ID-11: 60 digits in twelve groups of five, also where a group begins with zeros', () => {
    const bytes = fc.uint8Array({ minLength: 32, maxLength: 32 })
    fc.assert(
      fc.property(bytes, bytes, (one, other) => {
        const digits = securityDigits(one, other)
        expect(digits).toMatch(/^\d{60}$/)
        expect(securityDigits(other, one)).toBe(digits)
        expect(digitGroups(digits)).toHaveLength(12)
        expect(digitGroups(digits).join('')).toBe(digits)
      }),
    )
    expect(securityDigits(new Uint8Array(32), new Uint8Array(32))).toBe('0'.repeat(60))
  })
})
