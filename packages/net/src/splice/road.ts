import type { Logger, MessageStreamDirection, MultiaddrConnection } from '@libp2p/interface'
import { type Multiaddr, multiaddr } from '@multiformats/multiaddr'

/** One kind of socket by which a platform reaches a relay besides libp2p. */
export interface RoadOpener {
  /** Whether it can be opened at such an address. */
  fits(address: Multiaddr): boolean
  /** Connects, presents the ticket and waits until the relay has joined both ends (rule NET-71). */
  open(
    address: Multiaddr,
    ticket: Uint8Array,
    options: { readonly signal: AbortSignal },
  ): Promise<Road>
}

/** A socket whose bytes are now the other device's. */
export interface Road {
  /** The socket as the connection that Noise runs over. */
  connection(of: RoadEnds): MultiaddrConnection
  destroy(): void
}

/** What a connection over a road is made from. */
export interface RoadEnds {
  readonly remoteAddr: Multiaddr
  readonly direction: MessageStreamDirection
  readonly log: Logger
}

/** The roads of a platform. */
export interface SpliceRoads {
  /** Best first. */
  readonly openers: readonly RoadOpener[]
  /**
   * Whether a relay may name another port than the one we reached it at. A page says no: a WebSocket into a local
   * network makes the browser ask the person.
   */
  readonly usesTold: boolean
}

/** Addresses at which a ticket is presented, and by what. */
export interface RoadWay {
  readonly address: Multiaddr
  readonly opener: RoadOpener
}

/** More than these a relay is not worth. */
const MAX_WAYS = 2

/**
 * Where to present a ticket (rule NET-72): at the very address the relay was reached at, else at a port it names on the
 * same host. A relay can never send a device to another host.
 */
export function waysTo(
  relay: { readonly remoteAddr: Multiaddr; readonly direction: MessageStreamDirection },
  told: readonly Uint8Array[],
  { openers, usesTold }: SpliceRoads,
): readonly RoadWay[] {
  const standing = relay.direction === 'outbound' ? [relay.remoteAddr] : []
  const known = waysOf(standing, openers)
  if (known.length > 0 || !usesTold) return known
  return waysOf(
    told.flatMap((bytes) => atHostOf(relay.remoteAddr, bytes)),
    openers,
  ).slice(0, MAX_WAYS)
}

function waysOf(
  addresses: readonly Multiaddr[],
  openers: readonly RoadOpener[],
): readonly RoadWay[] {
  const texts = new Set<string>()
  return openers.flatMap((opener) =>
    addresses.filter(opener.fits).flatMap((address) => {
      if (texts.has(address.toString())) return []
      texts.add(address.toString())
      return [{ address, opener }]
    }),
  )
}

/** The told address with its host replaced by the one we know; none when it cannot be read. */
function atHostOf(known: Multiaddr, told: Uint8Array): readonly Multiaddr[] {
  try {
    const [host] = known.getComponents()
    const [, ...rest] = multiaddr(told).getComponents()
    return host === undefined ? [] : [multiaddr([host, ...rest])]
  } catch {
    return []
  }
}

/** Host and port of `/ip4/…/tcp/…` and its like. */
export interface HostPort {
  readonly host: string
  readonly port: number
}

const HOSTS: ReadonlySet<string> = new Set(['ip4', 'ip6', 'dns', 'dns4', 'dns6'])

/** Host and port of an address over TCP, and the names of what stands behind them; undefined of any other. */
export function tcpPartsOf(
  address: Multiaddr,
): (HostPort & { readonly above: readonly string[] }) | undefined {
  const [host, tcp, ...above] = address.getComponents().filter(({ name }) => name !== 'p2p')
  if (host?.value === undefined || !HOSTS.has(host.name) || tcp?.name !== 'tcp') return undefined
  return { host: host.value, port: Number(tcp.value), above: above.map(({ name }) => name) }
}
