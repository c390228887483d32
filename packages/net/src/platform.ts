import type { Libp2pOptions } from 'libp2p'
import type { Admit } from './floods/new-socket.ts'
import type { LanDiscovery, LanDiscoveryOptions } from './lan/lan-discovery.ts'
import type { Present } from './splice/raw-road.ts'
import type { SpliceRoads } from './splice/road.ts'
import type { HostCertificate } from './transports/certificate.ts'

/** What makes one libp2p transport. */
export type TransportFactory = NonNullable<Libp2pOptions['transports']>[number]

/** What the transports of a host are made from. */
export interface TransportOptions {
  readonly certificate?: HostCertificate
  /** STUN servers as `stun:host:port`; asked for a fresh list at each connection. */
  iceServers(): readonly string[]
  /** Whether WebRTC between two peers is offered; it would find private addresses by itself. */
  readonly webrtc: boolean
  /** Whether webrtc-direct is listened on. Where it is only dialled, it can wait until then. */
  readonly listensDirect: boolean
  /** Asked about each new TCP socket; by default all may come in. */
  readonly admit?: Admit
  /** A relay takes sockets that present a ticket; without it there are none (rule RLY-51). */
  readonly present?: Present
}

/** What differs between Node and a browser page. One file per platform, chosen by `exports`. */
export interface Platform {
  transports(options: TransportOptions): Promise<readonly TransportFactory[]>
  /** Where a device listens unless told. */
  defaultListen(options: { readonly certificate: boolean }): readonly string[]
  /** Calls back when addresses of this machine change, it comes back online, or it slept. */
  watchNetwork(changed: () => void, options: { readonly signal: AbortSignal }): void
  /** Whether an IP address is one of this machine's, whatever range it is from. */
  isOwnHost(ip: string): boolean
  /** How a relay is reached besides libp2p, for splices. */
  readonly roads: SpliceRoads
  /** Undefined where there are no datagrams. */
  readonly discoverLan: ((options: LanDiscoveryOptions) => LanDiscovery) | undefined
}
