import type { Clock } from '@kithmesh/protocol'

/** How often something may be done: some times at once, then one more at a time. */
export interface Rate {
  /** Takes one; false when there is none left. */
  take(): boolean
}

/** `burst` times at once after a rest, then once every `everyMs`, by the monotonic clock. */
export function createRate(
  { burst, everyMs }: { readonly burst: number; readonly everyMs: number },
  clock: Pick<Clock, 'monotonic'>,
): Rate {
  /** When the whole burst is there again. */
  let fullAt = Number.NEGATIVE_INFINITY
  return {
    take: () => {
      const now = clock.monotonic()
      const next = Math.max(fullAt, now) + everyMs
      if (next - now > burst * everyMs) return false
      fullAt = next
      return true
    },
  }
}
