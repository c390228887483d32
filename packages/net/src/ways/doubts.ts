import type { Connection } from '@libp2p/interface'
import type { Clock } from '../environment.ts'
import type { Activity } from './activity.ts'
import { isAnswered } from './liveness.ts'

/** Which connections are worth anything (rules NET-26, NET-52). */
export interface Doubts {
  /** Asks for a sign of life; without one in 3.5 s the connection is dropped. Resolves when that is known. */
  ask(connection: Connection): Promise<void>
  /** Asks, and doubts the connection as soon as the answer takes longer than it used to. */
  suspect(connection: Connection): void
  /** Something was sent over it: when nothing comes back for a while it is suspected. */
  expect(connection: Connection): void
  isDoubted(connection: Connection): boolean
}

/** What doubts are made from. */
export interface DoubtsParts {
  readonly clock: Pick<Clock, 'monotonic'>
  readonly activity: Activity
  /** A connection is doubted from now on, or no longer. */
  changed(connection: Connection): void
  /** Something was sent over it and nothing came back: what lies below others may be gone as well. */
  silent?(connection: Connection): void
  /** Ends all questions and timers. */
  readonly stopped: AbortSignal
  /** A signal that aborts after so many ms; tests have one on their own timers. */
  readonly timeout?: (ms: number) => AbortSignal
}

/** Longer than any living path takes that is not busy; over three relays on two continents it is 2 s. */
const ANSWER_MS = 3_500

/** An answer that takes four times as long as the last one is late; never before, never after these. */
const LATE = { factor: 4, earliest: 600, latest: 2_000 }

/** What comes back on every path we use, also a slow one, within this time of something sent. */
const ECHO_MS = 1_500

/** Makes a record of doubts that forgets connections by itself. */
export function createDoubts(parts: DoubtsParts): Doubts {
  const { clock, activity, stopped } = parts
  const timeout = parts.timeout ?? ((ms: number) => AbortSignal.timeout(ms))
  const questions = new Map<Connection, Promise<void>>()
  const roundTrips = new WeakMap<Connection, number>()
  const doubted = new WeakSet<Connection>()
  const expected = new WeakSet<Connection>()
  const timers = new Set<ReturnType<typeof setTimeout>>()
  stopped.addEventListener('abort', () => {
    for (const timer of timers) clearTimeout(timer)
  })

  const later = (ms: number, then: () => void): ReturnType<typeof setTimeout> => {
    const timer = setTimeout(() => {
      timers.delete(timer)
      then()
    }, ms)
    timers.add(timer)
    return timer
  }
  const forget = (timer: ReturnType<typeof setTimeout>): void => {
    clearTimeout(timer)
    timers.delete(timer)
  }

  const question = async (connection: Connection): Promise<void> => {
    const began = clock.monotonic()
    const answered = await isAnswered(connection, {
      signal: AbortSignal.any([stopped, timeout(ANSWER_MS)]),
    })
    questions.delete(connection)
    if (stopped.aborted) return
    const took = clock.monotonic() - began
    if (answered) roundTrips.set(connection, took)
    // on a busy line the question stands in a queue; what came meanwhile is a sign as good
    else if (activity.idleFor(connection) >= took) {
      connection.abort(new Error('It gave no sign of life'))
    }
    if (doubted.delete(connection)) parts.changed(connection)
  }
  const ask = (connection: Connection): Promise<void> => {
    const ongoing = questions.get(connection)
    if (ongoing !== undefined) return ongoing
    const asked = connection.status === 'open' ? question(connection) : Promise.resolve()
    if (connection.status === 'open') questions.set(connection, asked)
    return asked
  }
  const lateAfter = (connection: Connection): number => {
    const usual = LATE.factor * (roundTrips.get(connection) ?? 0)
    return Math.min(Math.max(usual, LATE.earliest), LATE.latest)
  }
  const suspect = (connection: Connection): void => {
    if (stopped.aborted || connection.status !== 'open') return
    const after = lateAfter(connection)
    const timer = later(after, () => {
      if (connection.status !== 'open' || activity.idleFor(connection) < after) return
      doubted.add(connection)
      parts.changed(connection)
    })
    void ask(connection).finally(() => forget(timer))
  }
  return {
    ask,
    suspect,
    isDoubted: (connection) => doubted.has(connection),
    expect: (connection) => {
      if (stopped.aborted || expected.has(connection)) return
      expected.add(connection)
      later(ECHO_MS, () => {
        expected.delete(connection)
        if (activity.idleFor(connection) < ECHO_MS) return
        suspect(connection)
        parts.silent?.(connection)
      })
    },
  }
}
