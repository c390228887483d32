import type { Multiaddr } from '@multiformats/multiaddr'
import { isLoopback, isWebRtc, pathOf, relayOf } from '../addresses.ts'
import type { FrameStream } from '../net.ts'
import { comparePaths } from './connections.ts'

/** LAN first, but loopback last of it: it leads nowhere from elsewhere. Relayed last of all. */
export function compareOwn(a: Multiaddr, b: Multiaddr): number {
  return (
    comparePaths(wayOf(a), wayOf(b)) ||
    Number(isWebRtc(a)) - Number(isWebRtc(b)) ||
    Number(isLoopback(a)) - Number(isLoopback(b))
  )
}

/** An address over a relay comes last, whatever it becomes when dialled. */
function wayOf(address: Multiaddr): FrameStream['path'] {
  return relayOf(address) === undefined ? pathOf(address) : 'relayed'
}

/** Ports we answer at on one of our own IP addresses. */
export function portsAt(
  ip: string,
  addresses: readonly Multiaddr[],
): { readonly tcp: number; readonly ws: number } {
  const parts = addresses
    .filter((address) => relayOf(address) === undefined)
    .map((address) => address.getComponents())
    .filter(([host]) => host?.value === ip)
  const portOf = (isWs: boolean): number => {
    const found = parts.find(
      (all) => all[1]?.name === 'tcp' && all.some(({ name }) => name === 'ws') === isWs,
    )
    return Number(found?.[1]?.value ?? 0)
  }
  return { tcp: portOf(false), ws: portOf(true) }
}
