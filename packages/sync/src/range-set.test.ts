import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  countRanges,
  differenceRanges,
  highestNumber,
  highestNumbers,
  includesNumber,
  intersectRanges,
  isRangeSet,
  lowestNumbers,
  type RangeSet,
  rangesOf,
  unionRanges,
} from './range-set.ts'

const numbers = fc.array(fc.integer({ min: 1, max: 60 }), { maxLength: 40 })

describe('ALOG-9 range sets do what sets of numbers do', () => {
  test('union, difference and intersection, always in the one form', () => {
    fc.assert(
      fc.property(numbers, numbers, (a, b) => {
        const [rangesA, rangesB] = [rangesOf(a), rangesOf(b)]
        same(unionRanges(rangesA, rangesB), [...a, ...b])
        same(
          differenceRanges(rangesA, rangesB),
          a.filter((number) => !b.includes(number)),
        )
        same(
          intersectRanges(rangesA, rangesB),
          a.filter((number) => b.includes(number)),
        )
      }),
    )
  })

  test('counting, looking up and taking from either end', () => {
    fc.assert(
      fc.property(numbers, fc.nat({ max: 50 }), (all, limit) => {
        const sorted = [...new Set(all)].sort((a, b) => a - b)
        const ranges = rangesOf(all)
        expect(countRanges(ranges)).toBe(sorted.length)
        expect(highestNumber(ranges)).toBe(sorted.at(-1) ?? 0)
        for (let number = 0; number < 62; number += 1) {
          expect(includesNumber(ranges, number)).toBe(sorted.includes(number))
        }
        same(lowestNumbers(ranges, limit), sorted.slice(0, limit))
        same(highestNumbers(ranges, limit), limit === 0 ? [] : sorted.slice(-limit))
      }),
    )
  })
})

test.each([
  ['a number below one', [{ from: 0, to: 3 }]],
  ['a range backwards', [{ from: 3, to: 2 }]],
  [
    'overlapping',
    [
      { from: 1, to: 5 },
      { from: 5, to: 6 },
    ],
  ],
  [
    'touching',
    [
      { from: 1, to: 5 },
      { from: 6, to: 7 },
    ],
  ],
  [
    'out of order',
    [
      { from: 9, to: 9 },
      { from: 1, to: 1 },
    ],
  ],
  ['a number that is not safe', [{ from: 1, to: 2 ** 53 }]],
  ['not a number', [{ from: Number.NaN, to: 4 }]],
])('ALOG-9 a peer’s ranges are refused: %s', (_, ranges) => {
  expect(isRangeSet(ranges)).toBe(false)
})

function same(ranges: RangeSet, expected: readonly number[]): void {
  expect(isRangeSet(ranges)).toBe(true)
  const found = ranges.flatMap(({ from, to }) =>
    Array.from({ length: to - from + 1 }, (_, at) => from + at),
  )
  expect(found).toEqual([...new Set(expected)].sort((a, b) => a - b))
}
