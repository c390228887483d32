import type { Clock } from '@kithmesh/net'
import type { RelayLimits } from './limits.ts'

/** Keeps a sum of bytes under so many per second. */
export interface Pacer {
  /** Accounts for bytes that passed; answers how many ms to pause now. */
  take(count: number): number
}

/** What may pass at once after a quiet time, in seconds of the rate. */
const BURST_SECONDS = 0.25

/** A pacer of so many bytes a second as the limit says at the time; 0 never pauses. */
export function createPacer(limits: Pick<RelayLimits, 'maxRate'>, clock: Clock): Pacer {
  let credit = Number.POSITIVE_INFINITY
  let at = clock.monotonic()
  return {
    take(count) {
      const perSecond = limits.maxRate
      if (perSecond === 0) return 0
      const burst = perSecond * BURST_SECONDS
      const now = clock.monotonic()
      credit = Math.min(burst, credit + ((now - at) / 1000) * perSecond) - count
      at = now
      return credit >= 0 ? 0 : Math.ceil((-credit / perSecond) * 1000)
    },
  }
}

/** How often one source may ask, and how many sources are told apart. */
export interface QuotaOptions {
  readonly perSecond: number
  /** What a source that was quiet may ask at once. */
  readonly burst: number
  /** Sources remembered; when there are more, the longest quiet one is forgotten. */
  readonly maxSources: number
}

/** Answers whether one more request of a source is within its quota. */
export type Quota = (source: string) => boolean

/** A quota per source in bounded memory. */
export function createQuota(options: QuotaOptions, clock: Clock): Quota {
  const bySource = new Map<string, { readonly credit: number; readonly at: number }>()
  return (source) => {
    const { perSecond, burst, maxSources } = options // read each time: an operator may change them
    const now = clock.monotonic()
    const { credit, at } = bySource.get(source) ?? { credit: burst, at: now }
    const left = Math.min(burst, credit + ((now - at) / 1000) * perSecond)
    // Deleted and set again, so that a Map's order is from the longest quiet to the latest.
    bySource.delete(source)
    bySource.set(source, { credit: left >= 1 ? left - 1 : left, at: now })
    const [oldest] = bySource.keys()
    if (bySource.size > maxSources && oldest !== undefined) bySource.delete(oldest)
    return left >= 1
  }
}
