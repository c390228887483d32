import type { Connection } from '@libp2p/interface'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { createActivity } from './activity.ts'
import { createDoubts, type Doubts } from './doubts.ts'

beforeEach(() => {
  vi.useFakeTimers()
})

afterEach(() => {
  vi.useRealTimers()
})

interface Asked {
  readonly doubts: Doubts
  readonly connection: Connection
  /** Whether it was doubted, each time that changed. */
  readonly told: boolean[]
  readonly questions: () => number
  isAborted(): boolean
  hear(): void
  stop(): void
}

/** A connection whose answers take as long as the test says; `undefined`: none comes. */
function asked(answers: (count: number) => number | undefined): Asked {
  const clock = { monotonic: () => Date.now() }
  const activity = createActivity(clock)
  const stopped = new AbortController()
  const told: boolean[] = []
  let count = 0
  const state = { status: 'open' }
  const connection = {
    get status() {
      return state.status
    },
    abort: () => {
      state.status = 'aborted'
    },
    newStream: (_: string, { signal }: { signal: AbortSignal }) => {
      const after = answers(++count)
      return new Promise((resolve, reject) => {
        if (after !== undefined) setTimeout(() => resolve({ close: async () => {} }), after)
        signal.addEventListener('abort', () => reject(new Error('aborted')))
      })
    },
  } as unknown as Connection
  const doubts = createDoubts({
    clock,
    activity,
    changed: (one) => told.push(doubts.isDoubted(one)),
    stopped: stopped.signal,
    timeout: fakeTimeout,
  })
  return {
    doubts,
    connection,
    told,
    questions: () => count,
    isAborted: () => state.status === 'aborted',
    hear: () => activity.mark(connection),
    stop: () => stopped.abort(),
  }
}

/** AbortSignal.timeout does not follow the timers of the test. */
function fakeTimeout(ms: number): AbortSignal {
  const over = new AbortController()
  setTimeout(() => over.abort(), ms)
  return over.signal
}

describe('NET-52 a connection that may be dead', () => {
  test('NET-52 is doubted when the answer is late, trusted again when it comes, and not dropped', async () => {
    const { doubts, connection, told, isAborted } = asked(() => 1_500)
    doubts.suspect(connection)
    await vi.advanceTimersByTimeAsync(599)
    expect(doubts.isDoubted(connection)).toBe(false)
    await vi.advanceTimersByTimeAsync(2)
    expect(doubts.isDoubted(connection)).toBe(true)
    await vi.advanceTimersByTimeAsync(1_000)
    expect(told).toEqual([true, false])
    expect(isAborted()).toBe(false)
  })

  test('NET-52 over a long line is given the time it usually takes', async () => {
    const { doubts, connection, told } = asked((count) => (count === 1 ? 400 : 1_500))
    await Promise.all([doubts.ask(connection), vi.advanceTimersByTimeAsync(400)])
    doubts.suspect(connection)
    await vi.advanceTimersByTimeAsync(1_490)
    expect(told).toEqual([])
  })

  test('NET-26 is dropped when nothing at all came within 3.5 s, and asked only once meanwhile', async () => {
    const { doubts, connection, told, questions, isAborted } = asked(() => undefined)
    doubts.suspect(connection)
    doubts.suspect(connection)
    await vi.advanceTimersByTimeAsync(3_400)
    expect(isAborted()).toBe(false)
    await vi.advanceTimersByTimeAsync(200)
    expect(isAborted()).toBe(true)
    expect(questions()).toBe(1)
    expect(told).toEqual([true, true, false])
  })

  test('NET-26 NET-52 is neither doubted nor dropped while something comes over it', async () => {
    const { doubts, connection, told, isAborted, hear } = asked(() => undefined)
    doubts.suspect(connection)
    for (let at = 0; at < 40; at += 1) {
      await vi.advanceTimersByTimeAsync(100)
      hear()
    }
    expect(told).toEqual([])
    expect(isAborted()).toBe(false)
  })

  test('NET-52 is asked when what was sent over it brings nothing back for 1.5 s', async () => {
    const silent = asked(() => undefined)
    silent.doubts.expect(silent.connection)
    await vi.advanceTimersByTimeAsync(1_400)
    expect(silent.questions()).toBe(0)
    await vi.advanceTimersByTimeAsync(200)
    expect(silent.questions()).toBe(1)
    const answering = asked(() => 10)
    answering.doubts.expect(answering.connection)
    await vi.advanceTimersByTimeAsync(500)
    answering.hear()
    await vi.advanceTimersByTimeAsync(5_000)
    expect(answering.questions()).toBe(0)
  })

  test('NET-18 leaves no timer behind when the net stops', async () => {
    const { doubts, connection, stop } = asked(() => 10)
    await Promise.all([doubts.ask(connection), vi.advanceTimersByTimeAsync(10)])
    doubts.expect(connection)
    stop()
    // one is the limit of the question that was answered
    expect(vi.getTimerCount()).toBeLessThanOrEqual(1)
  })
})
