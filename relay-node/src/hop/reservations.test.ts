import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createTestClock } from '../testing/clock.ts'
import { createReservations, RESERVATION_MS } from './reservations.ts'

const LIMITS = { maxReservations: 4, maxReservationsPerAddress: 2, maxReservationsPerAccount: 3 }
const at = (connection: string, source = 'home') => ({ connection, source })

describe('RLY-4 reservations', () => {
  test('RLY-4 every refresh extends, the second as the first', () => {
    const clock = createTestClock()
    const reservations = createReservations<string>(LIMITS, clock)
    for (let refresh = 0; refresh < 5; refresh += 1) {
      const outcome = reservations.reserve('ada', at('c1'))
      expect(outcome).toEqual({ kind: 'granted', expiresAt: clock.now() + RESERVATION_MS })
      clock.advance(RESERVATION_MS - 1)
      expect(reservations.get('ada')).toBeDefined()
    }
    clock.advance(1)
    expect(reservations.get('ada')).toBeUndefined()
    expect(reservations.count()).toBe(0)
  })

  test('RLY-4 ends with its connection, but not with an older one', () => {
    const reservations = createReservations<string>(LIMITS, createTestClock())
    reservations.reserve('ada', at('old'))
    reservations.reserve('ada', at('new'))
    reservations.release('ada', 'old')
    expect(reservations.get('ada')?.connection).toBe('new')
    reservations.release('ada', 'new')
    expect(reservations.get('ada')).toBeUndefined()
  })

  test('RLY-7 D2 the table has an end, and a place that is free again is given again', () => {
    const clock = createTestClock()
    const reservations = createReservations<string>(LIMITS, clock)
    for (const peer of ['a', 'b', 'c', 'd']) reservations.reserve(peer, at(peer, `net-${peer}`))
    expect(reservations.reserve('e', at('e', 'net-e'))).toEqual({ kind: 'full' })
    expect(reservations.reserve('a', at('a2', 'net-a')).kind).toBe('granted')
    reservations.release('b', 'b')
    expect(reservations.reserve('e', at('e', 'net-e')).kind).toBe('granted')
    clock.advance(RESERVATION_MS)
    expect(reservations.reserve('f', at('f', 'net-f')).kind).toBe('granted')
  })

  test('RLY-7 D2 one address cannot take all places', () => {
    const reservations = createReservations<string>(LIMITS, createTestClock())
    reservations.reserve('a', at('a'))
    reservations.reserve('b', at('b'))
    expect(reservations.reserve('c', at('c'))).toEqual({ kind: 'address-full' })
    expect(reservations.reserve('c', at('c', 'elsewhere')).kind).toBe('granted')
    expect(reservations.reserve('c', at('c')), 'nor by moving there').toEqual({
      kind: 'address-full',
    })
    expect(reservations.reserve('a', at('a')).kind, 'refreshing is no second').toBe('granted')
  })

  test('RLY-41 D3 devices of the owner are held by the limit of their account alone', () => {
    const reservations = createReservations<string>(LIMITS, createTestClock())
    const own = (connection: string) => ({ ...at(connection), account: 'ada', isProtected: true })
    for (const peer of ['a', 'b', 'c', 'd']) reservations.reserve(peer, at(peer, `net-${peer}`))
    expect(reservations.reserve('e', at('e', 'net-e')).kind).toBe('full')
    for (const peer of ['phone', 'laptop', 'tablet']) {
      expect(reservations.reserve(peer, own(peer)).kind).toBe('granted')
    }
    expect(reservations.reserve('tv', own('tv'))).toEqual({ kind: 'account-full' })
    expect(reservations.reserve('phone', own('phone')).kind, 'refreshing is no fourth').toBe(
      'granted',
    )
    reservations.release('a', 'a')
    expect(reservations.reserve('e', at('e')).kind, 'and they take no place of guests').toBe(
      'granted',
    )
  })

  test('RLY-41 one account of guests cannot take all places either', () => {
    const limits = { ...LIMITS, maxReservationsPerAccount: 1 }
    const reservations = createReservations<string>(limits, createTestClock())
    expect(reservations.reserve('b1', { ...at('b1', 'x'), account: 'ben' }).kind).toBe('granted')
    expect(reservations.reserve('b2', { ...at('b2', 'y'), account: 'ben' }).kind).toBe(
      'account-full',
    )
    expect(reservations.reserve('c1', { ...at('c1', 'y'), account: 'cid' }).kind).toBe('granted')
  })

  test('RLY-7 D2 whatever happens, no limit is passed and no place is lost', () => {
    const peer = fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f')
    const source = fc.constantFrom('x', 'y', 'z')
    const step = fc.oneof(
      fc.record({ do: fc.constant('reserve' as const), peer, source }),
      fc.record({ do: fc.constant('release' as const), peer, source }),
      fc.record({
        do: fc.constant('wait' as const),
        ms: fc.integer({ min: 1, max: RESERVATION_MS }),
      }),
    )
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const clock = createTestClock()
        const reservations = createReservations<string>(LIMITS, clock)
        for (const one of steps) {
          if (one.do === 'wait') clock.advance(one.ms)
          else if (one.do === 'release') reservations.release(one.peer, one.peer)
          else reservations.reserve(one.peer, at(one.peer, one.source))
          const standing = ['a', 'b', 'c', 'd', 'e', 'f'].flatMap((p) => reservations.get(p) ?? [])
          expect(standing.length).toBe(reservations.count())
          expect(standing.length).toBeLessThanOrEqual(LIMITS.maxReservations)
          for (const net of ['x', 'y', 'z']) {
            const here = standing.filter(({ source }) => source === net)
            expect(here.length).toBeLessThanOrEqual(LIMITS.maxReservationsPerAddress)
          }
        }
        clock.advance(RESERVATION_MS)
        expect(reservations.count()).toBe(0)
        expect(reservations.reserve('a', at('a', 'x')).kind, 'all places are free').toBe('granted')
        expect(reservations.reserve('b', at('b', 'x')).kind).toBe('granted')
      }),
    )
  })
})
