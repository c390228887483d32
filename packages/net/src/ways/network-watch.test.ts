import { describe, expect, test } from 'vitest'
import { createNetworkWatch, LOOK_MS } from './network-watch.ts'

function watched(): { look(addresses: string, passed?: number): boolean } {
  const view = { at: 1_000_000, text: 'home' }
  const look = createNetworkWatch({ now: () => view.at, addresses: () => view.text })
  return {
    look: (addresses, passed = LOOK_MS) => {
      view.at += passed
      view.text = addresses
      return look()
    },
  }
}

describe('NET-54 changes of the network', () => {
  test('NET-54 D4 another address is told at the next look, and only once', () => {
    const { look } = watched()
    expect(look('home')).toBe(false)
    expect(look('train')).toBe(true)
    expect(look('train')).toBe(false)
  })

  test('NET-54 D4 a machine that slept is told of, though its monotonic clock stood still', () => {
    const { look } = watched()
    expect(look('home', 10 * 60_000)).toBe(true)
    expect(look('home')).toBe(false)
  })

  test('NET-54 a clock that is set back, or a busy machine, is no change', () => {
    const { look } = watched()
    expect(look('home', -3_600_000)).toBe(false)
    expect(look('home', LOOK_MS + 3_000)).toBe(false)
  })

  test('NET-54 an address that goes and another that comes are both told at once', () => {
    const { look } = watched()
    expect(look('nothing')).toBe(true)
    expect(look('train')).toBe(true)
  })

  test('NET-54 interfaces that flap all the time are told now and then, and the last change for sure', () => {
    const { look } = watched()
    const told = Array.from({ length: 50 }, (_, index) => look(`container ${index}`))
    expect(told.filter(Boolean).length).toBeLessThanOrEqual(13)
    const after = Array.from({ length: 5 }, () => look('container 49'))
    expect(after.filter(Boolean).length).toBe(told.at(-1) === true ? 0 : 1)
  })
})
