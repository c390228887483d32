import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { median, percentile, summarize } from './statistics.ts'

describe('median', () => {
  test('is the middle of an odd number of values, in whatever order', () => {
    expect(median([9, 1, 5])).toBe(5)
  })

  test('is the mean of the two in the middle of an even number', () => {
    expect(median([10, 1, 4, 2])).toBe(3)
  })

  test('sorts numbers as numbers', () => {
    expect(median([9, 10, 100])).toBe(10)
  })

  test('of nothing, or of what is no number, is refused', () => {
    expect(() => median([])).toThrow(RangeError)
    expect(() => median([1, Number.NaN])).toThrow(RangeError)
  })
})

describe('percentile', () => {
  const hundred = Array.from({ length: 100 }, (_, index) => 100 - index)

  test('is a value that was measured, by nearest rank', () => {
    expect(percentile(hundred, 0.5)).toBe(50)
    expect(percentile(hundred, 0.99)).toBe(99)
    expect(percentile(hundred, 1)).toBe(100)
    expect(percentile(hundred, 0)).toBe(1)
  })

  test('of few values, p99 is the worst', () => {
    expect(percentile([3, 1, 2], 0.99)).toBe(3)
  })

  test('the stated part of the values does not exceed it, and a smaller value would not do', () => {
    const values = fc.array(fc.integer({ min: 0, max: 50 }), { minLength: 1, maxLength: 60 })
    fc.assert(
      fc.property(values, fc.integer({ min: 1, max: 100 }), (all, percent) => {
        const found = percentile(all, percent / 100)
        const covered = (limit: number): number => all.filter((value) => value <= limit).length
        expect(covered(found) * 100).toBeGreaterThanOrEqual(percent * all.length)
        expect(covered(found - 1) * 100).toBeLessThan(percent * all.length)
      }),
    )
  })
})

test('a summary tells how many, the extremes and the middle', () => {
  expect(summarize([4, 1, 7, 2])).toEqual({ n: 4, min: 1, median: 3, max: 7 })
})
