import { isLoopback, pathOf } from '@kithmesh/net'
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

/** Whether an address is of the internet, not of a local, private or provider network. */
export function isOutside(address: Multiaddr): boolean {
  const host = address.getComponents()[0]?.value ?? ''
  const [first = 0, second = 0] = host.split('.').map(Number)
  const isProviders = first === 100 && second >= 64 && second < 128
  return pathOf(address) === 'direct' && !isProviders && !isLoopback(address)
}
