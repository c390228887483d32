import type { Clock, Rng } from '@kithmesh/protocol'
import type { Scheduler } from '../scheduler.ts'

/** A clock and its timers, moved by hand. */
export interface ManualTime extends Clock, Scheduler {
  /** Moves the time on and runs what falls due, in order. */
  pass(ms: number): void
}

/** Time that stands still. `at`: ms since 1970 UTC. */
export function createManualTime(at = 1_000_000): ManualTime {
  const timers = new Set<{ readonly due: number; readonly run: () => void }>()
  let now = at
  const nextDue = (until: number) =>
    [...timers].filter(({ due }) => due <= until).sort((a, b) => a.due - b.due)[0]
  return {
    now: () => now,
    monotonic: () => now,
    schedule: (ms, run) => {
      const timer = { due: now + ms, run }
      timers.add(timer)
      return () => timers.delete(timer)
    },
    pass: (ms) => {
      const until = now + ms
      for (let timer = nextDue(until); timer !== undefined; timer = nextDue(until)) {
        timers.delete(timer)
        now = Math.max(now, timer.due)
        timer.run()
      }
      now = until
    },
  }
}

/** Reproducible bytes (mulberry32): a test that fails, fails again. */
export function createSeededRng(seed: number): Rng {
  let state = seed >>> 0
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return (mixed ^ (mixed >>> 14)) & 0xff
  }
  return { bytes: (length) => Uint8Array.from({ length }, next) }
}
