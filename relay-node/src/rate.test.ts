import { describe, expect, test } from 'vitest'
import { createPacer, createQuota } from './rate.ts'
import { createTestClock } from './testing/clock.ts'

describe('RLY-8 a rate over all circuits', () => {
  test('RLY-8 without a rate nothing waits', () => {
    expect(createPacer({ maxRate: 0 }, createTestClock()).take(2 ** 40)).toBe(0)
  })

  test('RLY-8 bytes above the rate wait until they are due', () => {
    const clock = createTestClock()
    const pacer = createPacer({ maxRate: 1_000 }, clock)
    expect(pacer.take(250)).toBe(0)
    expect(pacer.take(500)).toBe(500)
    clock.advance(500)
    expect(pacer.take(100)).toBe(100)
  })

  test('RLY-8 RLY-42 the rate is the one the operator wrote last', () => {
    const clock = createTestClock()
    const limits = { maxRate: 1_000 }
    const pacer = createPacer(limits, clock)
    expect(pacer.take(1_250)).toBe(1_000)
    limits.maxRate = 0
    expect(pacer.take(2 ** 30)).toBe(0)
    limits.maxRate = 2_000
    clock.advance(60_000)
    expect(pacer.take(2_500)).toBe(1_000)
  })

  test('RLY-8 a quiet hour does not save up an hour of bytes', () => {
    const clock = createTestClock()
    const pacer = createPacer({ maxRate: 1_000 }, clock)
    clock.advance(3_600_000)
    expect(pacer.take(1_250)).toBe(1_000)
  })
})

describe('RLY-7 requests per address', () => {
  const options = { perSecond: 2, burst: 4, maxSources: 3 }

  test('RLY-7 D1 a burst, then as many as the rate allows', () => {
    const clock = createTestClock()
    const within = createQuota(options, clock)
    expect([1, 2, 3, 4, 5].map(() => within('a'))).toEqual([true, true, true, true, false])
    expect(within('b'), 'another address has its own').toBe(true)
    clock.advance(500)
    expect([within('a'), within('a')]).toEqual([true, false])
  })

  test('RLY-7 D1 asking on does not keep it shut', () => {
    const clock = createTestClock()
    const within = createQuota(options, clock)
    for (let index = 0; index < 20; index += 1) within('a')
    clock.advance(500)
    expect(within('a')).toBe(true)
  })

  test('RLY-7 C1 forged addresses take no memory: the longest quiet is forgotten', () => {
    const within = createQuota(options, createTestClock())
    for (let index = 0; index < 4; index += 1) within('a')
    within('b')
    expect(within('a')).toBe(false)
    for (const source of ['c', 'd']) within(source)
    expect(within('a'), 'a asked last before c and d').toBe(false)
    for (const source of ['e', 'f', 'g']) within(source)
    expect(within('a')).toBe(true)
  })
})
