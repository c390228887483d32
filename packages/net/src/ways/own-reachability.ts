import type { Multiaddr } from '@multiformats/multiaddr'
import { hostOf, isOutside, isPublicHost, parseAddress, relayOf } from '../addresses.ts'
import type { Reachable, RelayState } from '../net.ts'

/** What a device can know by itself of whether others reach it. */
export interface ReachableParts {
  /** Somebody has connected from a public address since the network last changed. */
  readonly isVisited: boolean
  readonly relays: readonly RelayState[]
  /** At which it can be dialled now, over relays too. */
  readonly addresses: readonly Multiaddr[]
}

/** Whether others reach a device from other networks: never more than it knows (rule NET-58). */
export function reachableBy({ isVisited, relays, addresses }: ReachableParts): Reachable {
  if (isVisited) return { reachable: 'yes', reason: 'Somebody has connected to it from outside' }
  const relayed = addresses.filter((address) => relayOf(address) !== undefined)
  const relay = relayed.find(isPublicHost)
  if (relay) return { reachable: 'yes', reason: `Through the relay at ${hostOf(relay)}` }
  return perhaps({ relays, relayed, own: addresses.find(isOutside) }) ?? hardly(relays, addresses)
}

/** Something stands of which nobody has shown yet that it leads here. */
function perhaps({
  relays,
  relayed,
  own,
}: {
  readonly relays: readonly RelayState[]
  readonly relayed: readonly Multiaddr[]
  readonly own: Multiaddr | undefined
}): Reachable | undefined {
  const unknown = (reason: string): Reachable => ({ reachable: 'unknown', reason })
  if (own) {
    return unknown(`${hostOf(own)} is public, but nobody has come from outside yet`)
  }
  const [near] = relayed
  if (near) return unknown(`Only for those who reach its relay at ${hostOf(near)}`)
  const asked = relays.find(({ state }) => state === 'connecting')
  return asked && unknown(`The relay at ${hostOfRelay(asked)} is being asked for a place`)
}

function hardly([relay]: readonly RelayState[], addresses: readonly Multiaddr[]): Reachable {
  const no = (reason: string): Reachable => ({ reachable: 'no', reason })
  if (relay) {
    const why = relay.reason ?? 'not connected'
    return no(`No place at its relay ${hostOfRelay(relay)}: ${why}`)
  }
  if (addresses.length === 0) return no('It has no relay, and nobody can dial it')
  return no('No relay, no public address: only its own network reaches it')
}

const hostOfRelay = ({ address }: RelayState): string => hostOf(parseAddress(address))
