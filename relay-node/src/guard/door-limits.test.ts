import { describe, expect, test } from 'vitest'
import { createTestClock } from '../testing/clock.ts'
import { createDoor, type Door } from './door.ts'

const LIMITS = { maxConnectionsPerAddress: 10, maxPendingPerAddress: 3, maxPending: 6 }

/** A door, and who was cut off at it, in order. */
function door(limits = LIMITS) {
  const clock = createTestClock()
  const cut: string[] = []
  const made: Door = createDoor(limits, clock)
  const enter = (source: string, name = source) => made.enter(source, () => void cut.push(name))
  return { clock, cut, door: made, enter }
}

describe('RLY-60 D1 the time of a handshake', () => {
  test('of one address the oldest makes room for the next', () => {
    const { cut, enter, door: at } = door()
    for (const name of ['one', 'two', 'three', 'four']) expect(enter('eve', name)).toBeDefined()
    expect(cut).toEqual(['one'])
    expect(at.pending()).toBe(3)
  })

  test('of all, the address that has most makes room, not the one that comes', () => {
    const { cut, enter } = door()
    for (const name of ['eve-1', 'eve-2', 'eve-3']) enter('eve', name)
    for (const name of ['ben-1', 'ben-2']) enter('ben', name)
    enter('cem')
    expect(enter('ada')).toBeDefined()
    expect(cut).toEqual(['eve-1'])
  })

  test('an address where a device of the owner was is the last to make room', () => {
    const { clock, cut, enter, door: at } = door()
    at.trust('home')
    for (const name of ['home-1', 'home-2', 'home-3']) enter('home', name)
    for (const name of ['eve', 'cem', 'dan', 'fay']) enter(name)
    expect(cut).toEqual(['eve'])
    clock.advance(24 * 3_600_000)
    enter('gus')
    expect(cut).toEqual(['eve', 'home-1'])
  })

  test('who has shown a key is not in the way of others, and is not cut', () => {
    const { cut, enter } = door()
    for (let n = 0; n < 10; n += 1) enter('ada')?.inside()
    expect(cut).toEqual([])
    expect(enter('ada')).toBeUndefined()
  })

  test('a place is free when its connection is gone, once', () => {
    const { enter, door: at } = door()
    const visit = enter('ada')
    visit?.left()
    visit?.left()
    visit?.inside()
    expect(at.pending()).toBe(0)
    for (let n = 0; n < 10; n += 1) expect(enter('ada')).toBeDefined()
  })
})

describe('RLY-62 D3 an address from which somebody flooded', () => {
  test('gets one new connection a second for a minute, and no other address notices', () => {
    const { clock, enter, door: at } = door()
    at.blame('eve')
    const tries = (): number => [1, 2, 3].filter(() => enter('eve') !== undefined).length
    expect(tries()).toBe(1)
    clock.advance(1_000)
    expect(tries()).toBe(1)
    expect(enter('ada')).toBeDefined()
    clock.advance(60_000)
    expect(tries()).toBe(3)
  })

  test('keeps the connections it has', () => {
    const { cut, enter, door: at } = door()
    enter('eve')?.inside()
    at.blame('eve')
    expect(cut).toEqual([])
  })
})
