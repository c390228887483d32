import { type RangeSet, rangesOf } from '@kithmesh/sync'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  type AuthorNumbers,
  goneNumbers,
  MAX_CLOSED_RANGES,
  missingNumbers,
  NO_COUNT,
  openNumbers,
  withClosed,
  withNumber,
} from './author-numbers.ts'

const NEW: AuthorNumbers = { ...NO_COUNT, held: [], isWhole: true }
const JOINED: AuthorNumbers = { ...NEW, isWhole: false }

function taken(start: AuthorNumbers, ...numbers: readonly number[]): AuthorNumbers {
  return numbers.reduce((held, number) => withNumber(held, { number, isOld: false }), start)
}

function run(from: number, to = from): RangeSet {
  return [{ from, to }]
}

test('DEL-59 a hole shows with the next number behind it, and is over when it is filled, in any order', () => {
  expect(missingNumbers(taken(NEW, 1, 2, 3))).toEqual([])
  expect(missingNumbers(taken(NEW, 1, 4))).toEqual(run(2, 3))
  expect(missingNumbers(taken(NEW, 3))).toEqual(run(1, 2))
  expect(missingNumbers(taken(NEW, 4, 1, 3, 2))).toEqual([])
})

test('DEL-60 before the first number since the linking nothing is shown, and all is asked for', () => {
  const late = taken(JOINED, 9)
  expect(missingNumbers(late)).toEqual([])
  expect(openNumbers(late)).toEqual(run(1, 8))
  const withHole = taken(late, 12)
  expect(missingNumbers(withHole)).toEqual(run(10, 11))
  // The account says how far its history goes; what it does not call history was missed.
  const told = withClosed(withHole, { past: run(1, 6) })
  expect(openNumbers(told)).toEqual([
    { from: 7, to: 8 },
    { from: 10, to: 11 },
  ])
  expect(missingNumbers(taken(told, 7))).toEqual([
    { from: 8, to: 8 },
    { from: 10, to: 11 },
  ])
})

test('DEL-60 history that comes, all or a part of it and newest first, is no hole and makes none', () => {
  let numbers = taken(JOINED, 9)
  for (const number of [8, 7, 3]) numbers = withNumber(numbers, { number, isOld: true })
  expect(missingNumbers(numbers)).toEqual([])
})

test('DEL-63 what is gone is shown as that, not asked for, and over when it comes after all', () => {
  const gone = withClosed(taken(NEW, 1, 4), { gone: run(2, 3) })
  expect([missingNumbers(gone), openNumbers(gone)]).toEqual([[], []])
  expect(goneNumbers(gone)).toEqual(run(2, 3))
  expect(goneNumbers(taken(gone, 2))).toEqual(run(3))
  expect(goneNumbers(taken(gone, 2, 3))).toEqual([])
})

test('DEL-57 what is open, shown and settled are those of the set of numbers, however it came about', () => {
  const steps = fc.array(
    fc.record({
      kind: fc.constantFrom('take', 'old', 'gone', 'past'),
      number: fc.integer({ min: 1, max: 30 }),
    }),
    { maxLength: 40 },
  )
  fc.assert(
    fc.property(steps, fc.boolean(), (given, isWhole) => {
      let numbers: AuthorNumbers = { ...NEW, isWhole }
      const held = new Set<number>()
      const closed = new Set<number>()
      const live: number[] = []
      for (const { kind, number } of given) {
        if (kind === 'take' || kind === 'old') {
          numbers = withNumber(numbers, { number, isOld: kind === 'old' })
          held.add(number)
          if (kind === 'take') live.push(number)
        } else {
          numbers = withClosed(numbers, { [kind]: run(number) })
          closed.add(number)
        }
      }
      const highest = Math.max(0, ...held)
      const open = Array.from({ length: highest }, (_, at) => at + 1).filter(
        (number) => !held.has(number) && !closed.has(number),
      )
      const first = isWhole ? 1 : Math.min(...live)
      expect(openNumbers(numbers)).toEqual(rangesOf(open))
      expect(missingNumbers(numbers)).toEqual(rangesOf(open.filter((number) => number >= first)))
      // What a start begins from says the same without what is settled.
      const rest = rangesOf([...held].filter((number) => number > numbers.settled))
      expect(openNumbers({ ...numbers, held: rest })).toEqual(openNumbers(numbers))
    }),
    { numRuns: 500 },
  )
})

test('DEL-57 numbers as high and holes as many as somebody likes cost some ranges', () => {
  const high = taken(NEW, 1, Number.MAX_SAFE_INTEGER)
  expect(openNumbers(high)).toEqual(run(2, Number.MAX_SAFE_INTEGER - 1))
  let numbers = taken(NEW, 100_000)
  for (let number = 1; number < 1_000; number += 2) {
    numbers = withClosed(numbers, { gone: run(number), past: run(number + 50_000) })
  }
  expect(numbers.gone.length).toBeLessThanOrEqual(MAX_CLOSED_RANGES)
  expect(numbers.past.length).toBeLessThanOrEqual(MAX_CLOSED_RANGES)
})
