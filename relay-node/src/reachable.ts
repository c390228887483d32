import { isLoopback } from '@kithmesh/net'
import type { Multiaddr } from '@multiformats/multiaddr'

/** Whether others can reach the relay from outside, as far as it knows, and how it knows (RLY-79). */
export interface Reachable {
  readonly reachable: 'yes' | 'no' | 'unknown'
  /** One sentence for a person. */
  readonly reason: string
}

/** What it can know by itself: who came, and where it listens. */
export function reachableBy({
  isVisited,
  addresses,
}: {
  /** Somebody has connected from a public address. */
  readonly isVisited: boolean
  readonly addresses: readonly Multiaddr[]
}): Reachable {
  if (isVisited) return { reachable: 'yes', reason: 'Somebody has connected from outside.' }
  if (addresses.every(isLoopback)) {
    return { reachable: 'no', reason: 'It listens on this machine alone.' }
  }
  return {
    reachable: 'unknown',
    reason: 'Nobody has connected from outside yet: try "kith relay test ADDRESS" from there.',
  }
}
