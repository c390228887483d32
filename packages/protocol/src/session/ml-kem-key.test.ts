import { ml_kem768 } from '@noble/post-quantum/ml-kem.js'
import { describe, expect, test } from 'vitest'
import { isMlKemPublicKey } from './ml-kem-key.ts'

const sound = ml_kem768.keygen(new Uint8Array(64).fill(7)).publicKey

/** The key with its n-th coefficient, of 768, set to another value. */
function withCoefficient(n: number, value: number): Uint8Array {
  const key = sound.slice()
  const at = Math.floor(n / 2) * 3
  const middle = key[at + 1] ?? 0
  if (n % 2 === 0) {
    key.set([value & 0xff, (middle & 0xf0) | (value >> 8)], at)
  } else {
    key.set([(middle & 0x0f) | ((value & 0x0f) << 4), value >> 4], at + 1)
  }
  return key
}

describe('SES-1 the check of an offered ML-KEM-768 key (FIPS 203 §7.2)', () => {
  test('a key made by the algorithm is one', () => {
    expect(isMlKemPublicKey(sound)).toBe(true)
  })

  test('bytes of another length are none', () => {
    for (const length of [0, 1, 1088, 1183]) {
      expect(isMlKemPublicKey(sound.slice(0, length)), String(length)).toBe(false)
    }
    expect(isMlKemPublicKey(Uint8Array.of(...sound, 0))).toBe(false)
  })

  test('each of the 768 coefficients is held below 3,329', () => {
    for (let n = 0; n < 768; n++) {
      expect(isMlKemPublicKey(withCoefficient(n, 3328)), `${n}: 3328`).toBe(true)
      expect(isMlKemPublicKey(withCoefficient(n, 3329)), `${n}: 3329`).toBe(false)
      expect(isMlKemPublicKey(withCoefficient(n, 4095)), `${n}: 4095`).toBe(false)
    }
  })

  test('the seed at its end is free', () => {
    expect(isMlKemPublicKey(Uint8Array.of(...sound.slice(0, 1152), ...Array(32).fill(255)))).toBe(
      true,
    )
  })

  test('it says what encapsulation says', () => {
    for (const key of [sound, withCoefficient(0, 3329), withCoefficient(767, 4095)]) {
      expect(isMlKemPublicKey(key)).toBe(encapsulates(key))
    }
  })
})

function encapsulates(key: Uint8Array): boolean {
  try {
    ml_kem768.encapsulate(key, new Uint8Array(32))
    return true
  } catch {
    return false
  }
}
