import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { keepMemorySmall } from './tidy-memory.ts'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

const MINUTE = 60_000

function tidied() {
  const load = { connections: 0, bytes: 0 }
  let times = 0
  const collect = (): void => {
    times += 1
  }
  const end = keepMemorySmall(() => load, collect)
  return { load, times: () => times, end }
}

describe('RLY-87 memory is given back', () => {
  test('once behind the start, and not again while nothing changes', () => {
    const { times } = tidied()
    vi.advanceTimersByTime(2_000)
    expect(times()).toBe(1)
    vi.advanceTimersByTime(60 * MINUTE)
    expect(times()).toBe(1)
  })

  test('not while somebody is served: in the first quiet minute', () => {
    const { load, times } = tidied()
    load.connections = 3
    for (let minute = 0; minute < 5; minute += 1) {
      load.bytes += 1
      vi.advanceTimersByTime(MINUTE)
    }
    expect(times()).toBe(0)
    vi.advanceTimersByTime(MINUTE)
    expect(times()).toBe(1)
  })

  test('after a busy time, when three of four are gone', () => {
    const { load, times } = tidied()
    vi.advanceTimersByTime(2_000)
    load.connections = 100
    vi.advanceTimersByTime(MINUTE)
    load.connections = 25
    vi.advanceTimersByTime(MINUTE)
    expect(times()).toBe(1)
    load.connections = 24
    vi.advanceTimersByTime(2 * MINUTE)
    expect(times()).toBe(2)
  })

  test('RLY-67 after many have come, once no more come; and again after many more', () => {
    const { load, times } = tidied()
    vi.advanceTimersByTime(2_000)
    const come = (connections: number): number => {
      load.connections = connections
      vi.advanceTimersByTime(MINUTE)
      return times()
    }
    expect([90, 100, 101, 101, 101].map(come)).toEqual([1, 1, 1, 2, 2])
    expect([211, 210, 250, 240].map(come)).toEqual([2, 2, 2, 3])
  })

  test('no more once it was ended', () => {
    const { times, end } = tidied()
    end()
    vi.advanceTimersByTime(10 * MINUTE)
    expect(times()).toBe(0)
  })
})
