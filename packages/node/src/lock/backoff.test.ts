import { expect, test } from 'vitest'
import { NO_TRIES, nextTryAt, type Tries, triesNow, withTry } from './backoff.ts'

const START = Date.UTC(2026, 10, 1)

/** The wait after each wrong try of a person who tries as soon as it is allowed. */
function waits(count: number): readonly number[] {
  let tries: Tries = NO_TRIES
  let now = START
  return Array.from({ length: count }, () => {
    tries = withTry(tries, now)
    const allowed = nextTryAt(tries)
    const wait = allowed === 0 ? 0 : allowed - now
    now += wait
    return wait / 1000
  })
}

test('LOCK-6 five tries are free, then 1 s doubling to 15 min and no further', () => {
  expect(waits(17)).toEqual([0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900])
})

test('LOCK-6 a number of tries beyond all doubling still waits 15 min', () => {
  expect(nextTryAt({ wrong: 2 ** 40, at: START }) - START).toBe(900_000)
})

test('LOCK-6 a clock set back starts the wait anew, and ends none early', () => {
  const tries: Tries = { wrong: 8, at: START }
  const back = triesNow(tries, START - 3_600_000)
  expect(nextTryAt(back)).toBe(START - 3_600_000 + 8_000)
  // And a clock that ran a year ahead at the last try does not lock the home for a year.
  const ahead: Tries = { wrong: 20, at: START + 365 * 86_400_000 }
  expect(nextTryAt(triesNow(ahead, START)) - START).toBe(900_000)
})

test('LOCK-6 a clock that goes on leaves the wait as it is', () => {
  const tries: Tries = { wrong: 8, at: START }
  expect(triesNow(tries, START + 7_999)).toBe(tries)
  expect(triesNow(NO_TRIES, START)).toBe(NO_TRIES)
})
