import type { Clock } from '@kithmesh/net'
import type { Counters } from '../counters.ts'
import type { RelayLimits } from '../limits.ts'
import { createPacer } from '../rate.ts'
import type { UsageBook } from './usage.ts'

/** Accounts for what passes, over circuits and splices alike. */
export interface Traffic {
  /** One circuit more, between devices of these accounts; told of each chunk, the result says how many ms to pause. */
  open(accounts: readonly string[]): (count: number) => number
}

/** What traffic is counted in. */
export interface TrafficParts {
  readonly counters: Counters
  readonly limits: Pick<RelayLimits, 'maxRate'>
  readonly clock: Clock
  /** Undefined where nobody keeps one. */
  readonly usage?: UsageBook | undefined
}

/** Nothing passed yet. */
export function createTraffic({ counters, limits, clock, usage }: TrafficParts): Traffic {
  const pacer = createPacer(limits, clock)
  return {
    open(accounts) {
      counters.circuitsOpened += 1
      const record = usage?.open(accounts)
      return (count) => {
        counters.bytes += count
        record?.(count)
        return pacer.take(count)
      }
    },
  }
}
