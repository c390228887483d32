import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createBackoff, createPacer, createWaker } from './backoff.ts'
import { createBudget } from './floods/budget.ts'
import { testRng } from './testing/fixtures.ts'

describe('NET-25 waiting between attempts', () => {
  test('NET-25 grows to the ceiling, never beyond, never ends, and starts anew after a reset', () => {
    const backoff = createBackoff(testRng('backoff'))
    const limits = { first: 100, ceiling: 5_000 }
    const waits = Array.from({ length: 200 }, () => backoff.next(limits))
    for (const [index, wait] of waits.entries()) {
      const full = Math.min(5_000, 100 * 2 ** index)
      expect(wait).toBeGreaterThanOrEqual(full / 2)
      expect(wait).toBeLessThanOrEqual(full)
    }
    expect(new Set(waits.slice(10)).size).toBeGreaterThan(100)
    backoff.reset()
    expect(backoff.next(limits)).toBeLessThanOrEqual(100)
  })

  test('NET-25 a wait is cut short by a wake, also by one that came before it', async () => {
    const { signal } = new AbortController()
    const waker = createWaker()
    const waiting = waker.sleep(60_000, { signal })
    waker.wake()
    expect(await waiting).toBe('woken')
    waker.wake()
    expect(await waker.sleep(60_000, { signal })).toBe('woken')
    expect(await waker.sleep(1, { signal })).toBe('elapsed')
  })

  test('NET-18 a wait ends when it is aborted', async () => {
    const abort = new AbortController()
    const waiting = createWaker().sleep(Number.POSITIVE_INFINITY, { signal: abort.signal })
    abort.abort()
    expect(await waiting).toBe('aborted')
  })
})

describe('NET-27 pacing', () => {
  test('NET-27 the first dials go at once, a thousand more do not', async () => {
    const pacer = createPacer({ burst: 10, every: 60_000 }, { monotonic: () => 0 })
    const abort = new AbortController()
    let turns = 0
    const all = Array.from({ length: 1_000 }, async () => {
      await pacer.turn({ signal: abort.signal })
      if (!abort.signal.aborted) turns += 1
    })
    await Promise.all(all.slice(0, 10))
    expect(turns).toBe(10)
    abort.abort()
    await Promise.all(all)
    expect(turns).toBe(10)
  })
})

describe('NET-44 budgets', () => {
  test('NET-44 never give more than the burst and the refill of the time that passed', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(5_000), fc.nat(20)), { maxLength: 50 }),
        fc.integer({ min: 1, max: 8 }),
        (rounds, burst) => {
          let now = 0
          let given = 0
          const limits = { burst, every: 1_000, maxKeys: 4 }
          const budget = createBudget(limits, { monotonic: () => now })
          for (const [passed, asked] of rounds) {
            now += passed
            for (let count = 0; count < asked; count += 1) if (budget.take('a')) given += 1
          }
          expect(given).toBeLessThanOrEqual(burst + now / 1_000)
        },
      ),
    )
  })

  test('NET-44 ten thousand sources are as cheap as a few', () => {
    const budget = createBudget({ burst: 1, every: 1_000, maxKeys: 10 }, { monotonic: () => 0 })
    const taken = Array.from({ length: 10_000 }, (_, index) => budget.take(`${index}`))
    expect(taken.filter(Boolean)).toHaveLength(10)
  })
})
