import type { Clock, Rng } from './environment.ts'

/** Waiting times between attempts, in ms. */
export interface BackoffLimits {
  readonly first: number
  readonly ceiling: number
}

/** Growing, jittered waiting times; never gives up (rule NET-25). */
export interface Backoff {
  next(limits: BackoffLimits): number
  reset(): void
}

/**
 * Doubles from `first` to `ceiling`; each time is drawn from its upper half, so that a thousand
 * devices whose relay comes back do not come back in step.
 */
export function createBackoff(rng: Rng): Backoff {
  let attempts = 0
  return {
    next: ({ first, ceiling }) => {
      const full = Math.min(ceiling, first * 2 ** Math.min(attempts, 30))
      attempts += 1
      return full / 2 + (full / 2) * fraction(rng)
    },
    reset: () => {
      attempts = 0
    },
  }
}

/**
 * What is left of a waiting time that began with the try itself: a try into silence takes seconds, and
 * waiting as long again behind it would miss the moment at which the silence ends (rule NET-25).
 */
export function restOf(pause: number, took: number): number {
  return Math.max(pause - took, Math.min(pause, SHORTEST_REST))
}

const SHORTEST_REST = 250

/** A place to wait that anybody can cut short. */
export interface Waker {
  /** Ends the wait that is going on, or the next one. */
  wake(): void
  /** Resolves with why it ended; at once when the signal is aborted. */
  sleep(ms: number, options: { signal: AbortSignal }): Promise<'woken' | 'elapsed' | 'aborted'>
}

/** Timers of more than this overflow (2³¹−1 ms) and fire at once. */
const LONGEST_TIMER = 2 ** 31 - 1

/** Makes a place to wait, for one at a time. */
export function createWaker(): Waker {
  let isDue = false
  let end: ((why: 'woken') => void) | undefined
  return {
    wake: () => {
      if (end === undefined) isDue = true
      else end('woken')
    },
    sleep: (ms, { signal }) => {
      if (signal.aborted) return Promise.resolve('aborted')
      if (isDue) {
        isDue = false
        return Promise.resolve('woken')
      }
      return new Promise((resolve) => {
        const finish = (why: 'woken' | 'elapsed' | 'aborted'): void => {
          clearTimeout(timer)
          signal.removeEventListener('abort', onAbort)
          end = undefined
          resolve(why)
        }
        const onAbort = (): void => finish('aborted')
        const timer = setTimeout(() => finish('elapsed'), Math.min(ms, LONGEST_TIMER))
        signal.addEventListener('abort', onAbort)
        end = finish
      })
    },
  }
}

/** Hands out turns: some at once, then one at a time (rule NET-27). */
export interface Pacer {
  /** Resolves when it is our turn; at once when the signal is aborted. */
  turn(options: { readonly signal: AbortSignal }): Promise<void>
}

/** `burst` turns at once after a rest, then one each `every` ms, in the order they were asked for. */
export function createPacer(
  { burst, every }: { readonly burst: number; readonly every: number },
  clock: Pick<Clock, 'monotonic'>,
): Pacer {
  /** When the next turn is due if nothing of the burst is left. */
  let dueAt = Number.NEGATIVE_INFINITY
  return {
    turn: async ({ signal }) => {
      const now = clock.monotonic()
      dueAt = Math.max(dueAt, now - burst * every) + every
      if (dueAt > now) await createWaker().sleep(dueAt - now, { signal })
    },
  }
}

/** A number in [0, 1). */
function fraction(rng: Rng): number {
  const [a = 0, b = 0] = rng.bytes(2)
  return (a * 256 + b) / 65_536
}
