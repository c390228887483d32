import { compareBytes } from '@kithmesh/protocol'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { plainKeyBytes, singleKey, textPart, tupleKey, uintPart } from './key-codec.ts'

const key = tupleKey(textPart(), uintPart(), textPart())
const anyText = fc.string({ unit: 'binary', maxLength: 20 }).filter((text) => !text.includes('\0'))
const anyKey = fc.tuple(anyText, fc.maxSafeNat(), anyText)

type Key = readonly [string, number, string]

function bytesOf(of: Key): Uint8Array {
  return plainKeyBytes(key.encode(of))
}

/** Part by part: text by code point, which is how UTF-8 sorts, numbers by size. */
function compareKeys(a: Key, b: Key): number {
  return compareText(a[0], b[0]) || Math.sign(a[1] - b[1]) || compareText(a[2], b[2])
}

function compareText(a: string, b: string): number {
  const points = (text: string): number[] => Array.from(text, (point) => point.codePointAt(0) ?? 0)
  const [left, right] = [points(a), points(b)]
  const differs = left.findIndex((point, at) => point !== right[at])
  if (differs < 0) return Math.sign(left.length - right.length)
  return Math.sign((left[differs] ?? 0) - (right[differs] ?? -1))
}

describe('key codecs', () => {
  test('STO-3 a key comes back as it went', () => {
    fc.assert(
      fc.property(anyKey, (one) => {
        expect(key.decode(bytesOf(one))).toEqual(one)
      }),
    )
  })

  test('STO-3 bytes sort as keys do', () => {
    // Parts from a small set, so that many keys share their beginnings.
    const near = fc.tuple(
      fc.string({ unit: fc.constantFrom('\u0001', '\u0002', 'a', 'ÿ', '\u{1f600}'), maxLength: 3 }),
      fc.nat(2),
      fc.string({ unit: fc.constantFrom('\u0001', 'a'), maxLength: 2 }),
    )
    fc.assert(
      fc.property(fc.oneof(near, anyKey), fc.oneof(near, anyKey), (one, other) => {
        const byBytes = Math.sign(compareBytes(bytesOf(one), bytesOf(other)))
        expect(byBytes).toBe(compareKeys(one, other))
      }),
      { numRuns: 2_000 },
    )
  })

  test('STO-4 a prefix of a key is a prefix of its bytes, and of no other key', () => {
    fc.assert(
      fc.property(anyKey, anyKey, (one, other) => {
        const prefix = plainKeyBytes(key.encode([one[0]]))
        const starts = compareBytes(bytesOf(other).subarray(0, prefix.length), prefix) === 0
        expect(starts).toBe(one[0] === other[0])
      }),
    )
  })

  test('STO-3 a text that holds its own end is refused', () => {
    expect(() => key.encode(['a\0b', 1, 'c'])).toThrow(
      expect.objectContaining({ code: 'ERR_MALFORMED' }),
    )
  })

  test('STO-10 bytes that are no key are refused', () => {
    const whole = bytesOf(['a', 1, 'b'])
    const bad = [
      whole.subarray(0, -1),
      whole.subarray(0, 5),
      Uint8Array.of(...whole, 0),
      Uint8Array.of(0x61, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x62, 0),
      Uint8Array.of(0xc0, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0x62, 0),
    ]
    for (const bytes of bad) {
      expect(() => key.decode(bytes)).toThrow(expect.objectContaining({ code: 'ERR_MALFORMED' }))
    }
    expect(() => singleKey(uintPart()).decode(new Uint8Array(9))).toThrow('trailing bytes')
  })
})
