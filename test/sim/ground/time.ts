/** Time that passes only when everything at hand is done (SIM-2). */

import type { Clock } from '@kithmesh/protocol'
import type { Scheduler } from '@kithmesh/sync'

/** The one time of a simulated world, and what waits for it. */
export interface VirtualTime {
  /** Ms since the world began. */
  now(): number
  /** Runs `task` in `ms`; behind what was asked for earlier and is due at the same moment. */
  at(ms: number, task: () => void): () => void
  /** Lets time pass, up to `until` at most (ms since the world began), or as long as `wanted`. */
  run(until: number, wanted?: () => boolean): Promise<void>
  /** Lets time pass until a promise is settled. @throws what it rejects with; Stuck after `ms` */
  settle<T>(promise: Promise<T>, ms: number): Promise<T>
  /** Things that happened so far: timers, frames, writes. */
  steps(): number
}

/** Nothing that could still happen settles what is waited for. */
export class Stuck extends Error {}

interface Timer {
  readonly due: number
  readonly order: number
  task: (() => void) | undefined
}

/** The hour at which every world begins: 2026-01-01, ms since 1970 UTC. */
const EPOCH_MS = Date.UTC(2026, 0, 1)

/** A time that begins at `start`. */
export function createVirtualTime(start = 0): VirtualTime {
  const heap: Timer[] = []
  let now = start
  let order = 0
  let steps = 0

  function at(ms: number, task: () => void): () => void {
    const timer: Timer = { due: now + Math.max(0, ms), order: order++, task }
    push(heap, timer)
    return () => {
      timer.task = undefined
    }
  }

  /** One thing after another; between two of them every promise that can settle does. */
  function run(until: number, wanted: () => boolean = () => true): Promise<void> {
    return new Promise((resolve, reject) => {
      const step = (): void => {
        try {
          const next = wanted() ? nextDue(heap, until) : undefined
          if (next === undefined) {
            if (wanted()) now = Math.max(now, Number.isFinite(until) ? until : now)
            return resolve()
          }
          now = Math.max(now, next.due)
          steps += 1
          next.task?.()
          drained(step)
        } catch (error) {
          reject(error)
        }
      }
      drained(step)
    })
  }

  async function settle<T>(promise: Promise<T>, ms: number): Promise<T> {
    let isSettled = false
    const done = (): void => {
      isSettled = true
    }
    promise.then(done, done)
    await run(now + ms, () => !isSettled)
    if (!isSettled) throw new Stuck('it never ends')
    return promise
  }

  return { now: () => now, at, run, settle, steps: () => steps }
}

/**
 * Calls `then` once no promise is left to settle. Node runs its ticks only when the queue of microtasks is
 * empty, so a tick that is asked for by a microtask comes behind all of them; it costs a tenth of `setImmediate`.
 */
function drained(then: () => void): void {
  queueMicrotask(() => process.nextTick(then))
}

/** The clock of a device: `skew` says how many ms it goes before the time of the world. */
export function clockOf(time: VirtualTime, skew: () => number): Clock {
  return {
    now: () => EPOCH_MS + Math.floor(time.now()) + skew(),
    monotonic: () => time.now(),
  }
}

/** Timers of a device that is on: none of them runs once it is off. */
export function schedulerOf(time: VirtualTime, isOn: () => boolean): Scheduler {
  return {
    schedule: (ms, task) =>
      time.at(ms, () => {
        if (isOn()) task()
      }),
  }
}

function nextDue(heap: Timer[], until: number): Timer | undefined {
  for (let first = heap[0]; first !== undefined && first.due <= until; first = heap[0]) {
    pop(heap)
    if (first.task !== undefined) return first
  }
  return undefined
}

function isBefore(a: Timer, b: Timer): boolean {
  return a.due < b.due || (a.due === b.due && a.order < b.order)
}

function push(heap: Timer[], timer: Timer): void {
  let at = heap.length
  heap.push(timer)
  while (at > 0) {
    const above = (at - 1) >> 1
    const parent = heap[above]
    if (parent === undefined || !isBefore(timer, parent)) break
    heap[at] = parent
    at = above
  }
  heap[at] = timer
}

function pop(heap: Timer[]): void {
  const last = heap.pop()
  if (last === undefined || heap.length === 0) return
  let at = 0
  for (;;) {
    const [left, right] = [heap[2 * at + 1], heap[2 * at + 2]]
    if (left === undefined) break
    const isRight = right !== undefined && isBefore(right, left)
    const child = isRight ? right : left
    if (!isBefore(child, last)) break
    heap[at] = child
    at = 2 * at + (isRight ? 2 : 1)
  }
  heap[at] = last
}
