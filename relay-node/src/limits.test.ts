import { describe, expect, test } from 'vitest'
import { DEFAULT_LIMITS, parseLimits } from './limits.ts'

describe('RLY-7 limits', () => {
  test('RLY-7 what is not given is the default', () => {
    expect(parseLimits({ maxReservations: 5 })).toEqual({ ...DEFAULT_LIMITS, maxReservations: 5 })
    expect(parseLimits({ maxRate: 0 }).maxRate).toBe(0)
  })

  test.each([
    [{ maxReservation: 5 }],
    [{ maxReservations: 0 }],
    [{ maxReservations: -1 }],
    [{ maxReservations: 1.5 }],
    [{ maxReservations: '5' }],
    [{ maxReservations: 2 ** 53 }],
    [{ maxReservations: null }],
    [{ toString: 5 }],
    [JSON.parse('{"__proto__": 5}')],
  ])('RLY-7 C3 C4 %j is refused', (given) => {
    expect(() => parseLimits(given)).toThrow(expect.objectContaining({ code: 'ERR_LIMITS' }))
  })
})
