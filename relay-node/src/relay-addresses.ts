import { type Host, isLoopback } from '@kithmesh/net'
import type { Connection } from '@libp2p/interface'
import type { Multiaddr } from '@multiformats/multiaddr'
import { publicAddresses } from './listen.ts'

/** Where a relay is found. */
export interface RelayAddresses {
  /** All there are, the public ones first and loopback last. */
  readonly all: readonly Multiaddr[]
  /** What a client may tell others of us: nothing that leads them to their own machine (RLY-6). */
  for(connection: Connection): readonly Uint8Array[]
}

/** What fits a 4 KiB answer beside the voucher, at about 90 bytes each. */
const MAX_RESERVATION_ADDRESSES = 16

/** The addresses of a host that listens, and those under which the outside knows it. */
export async function relayAddresses(
  host: Host,
  publicHost: string | undefined,
): Promise<RelayAddresses> {
  const listening = host.getMultiaddrs()
  const outside = publicHost === undefined ? [] : await publicAddresses(listening, publicHost)
  const known = [...outside, ...listening.toSorted((a, b) => nearness(a) - nearness(b))]
  const all = [...new Map(known.map((address) => [address.toString(), address])).values()]
  const beyondLoopback = outside.length > 0 ? outside : all.filter((one) => !isLoopback(one))
  return {
    all,
    for: ({ remoteAddr }) => {
      const told = isLoopback(remoteAddr) ? all : beyondLoopback
      return told.slice(0, MAX_RESERVATION_ADDRESSES).map(({ bytes }) => bytes)
    },
  }
}

/** Loopback last: it leads nobody but this machine here. */
function nearness(address: Multiaddr): number {
  return isLoopback(address) ? 1 : 0
}
