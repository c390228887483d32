import type { Stream } from '@libp2p/interface'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { createGate } from './gate.ts'

/** What a gate sees of a stream; `held` is handed out by resume, as libp2p does. */
function createSource(held: () => void = () => {}) {
  const source = {
    readStatus: 'paused',
    pause: () => {
      source.readStatus = 'paused'
    },
    resume: () => {
      source.readStatus = 'readable'
      held()
      // libp2p tells the other side to go on, whatever was said meanwhile.
      source.readStatus = 'readable'
    },
  }
  return source
}

const asStream = (source: object): Stream => source as Stream

describe('RLY-9 the gate of a circuit', () => {
  beforeEach(() => vi.useFakeTimers())
  afterEach(() => vi.useRealTimers())

  test('RLY-9 shut while it is handed out what was held, it is shut afterwards', () => {
    const source = createSource(() => gate.shut())
    const gate = createGate(asStream(source), { ms: 1_000, ended: () => {} })
    gate.open()
    expect(source.readStatus).toBe('paused')
  })

  test('RLY-9 a slow reader is waited for as long as it takes something', () => {
    const ended = vi.fn()
    const gate = createGate(asStream(createSource()), { ms: 1_000, ended })
    gate.open()
    gate.shut()
    for (let taken = 0; taken < 10; taken += 1) {
      vi.advanceTimersByTime(999)
      gate.progress()
    }
    expect(ended).not.toHaveBeenCalled()
    vi.advanceTimersByTime(1_000)
    expect(ended).toHaveBeenCalledOnce()
  })

  test('RLY-9 nobody is impatient with an open gate, or a closed stream', () => {
    const ended = vi.fn()
    const gate = createGate(asStream(createSource()), { ms: 1_000, ended })
    for (const calm of [gate.open, gate.stop]) {
      gate.shut()
      calm()
      vi.advanceTimersByTime(10_000)
    }
    expect(ended).not.toHaveBeenCalled()
  })

  test('RLY-8 what a rate held back of a closed stream still goes out', () => {
    const source = createSource()
    const gate = createGate(asStream(source), { ms: 1_000, ended: () => {} })
    gate.open()
    gate.shutFor(100)
    gate.stop()
    vi.advanceTimersByTime(100)
    expect(source.readStatus).toBe('readable')
  })

  test('RLY-8 shut for a time and by a reader, it opens after both', () => {
    const source = createSource()
    const gate = createGate(asStream(source), { ms: 1_000, ended: () => {} })
    gate.open()
    gate.shut()
    gate.shutFor(100)
    vi.advanceTimersByTime(100)
    expect(source.readStatus).toBe('paused')
    gate.open()
    expect(source.readStatus).toBe('readable')
    gate.shutFor(100)
    gate.shut()
    gate.open()
    expect(source.readStatus).toBe('paused')
    vi.advanceTimersByTime(100)
    expect(source.readStatus).toBe('readable')
  })
})
