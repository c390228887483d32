import type { Multiaddr } from '@multiformats/multiaddr'
import type { Clock, NetLogger } from '../environment.ts'
import type { NearbyPeer, PeerIdText } from '../net.ts'

/** Finds kept peers on the local network, and lets them find us (rules NET-40 … NET-46). */
export interface LanDiscovery {
  /** Announces now, on every interface: we started, keep others, or the network changed. */
  announce(): void
  /** Says from now on, every 1.5 s, that we wait to be linked; or ceases to (rule NET-47). */
  announceWaiting(isWaiting: boolean): void
  /** Who else says so. */
  nearby(): readonly NearbyPeer[]
  stop(): Promise<void>
}

/** What a discovery is made from. */
export interface LanDiscoveryOptions {
  readonly peer: PeerIdText
  readonly clock: Clock
  readonly logger: NetLogger
  /** Peers whose announcements are recognised. */
  kept(): ReadonlySet<PeerIdText>
  /** Ports we answer at on one of our own addresses; 0 for none. */
  ports(ip: string): { readonly tcp: number; readonly ws: number }
  /** A kept peer announced itself: addresses at the datagram's source, within a budget per peer. */
  found(peer: PeerIdText, addresses: readonly Multiaddr[]): void
  /** Others began or ceased to wait to be linked. */
  nearbyChanged(peers: readonly NearbyPeer[]): void
  /** UDP port, the same for everybody. Default {@link LAN_PORT}; tests take another. */
  readonly port?: number
}

/** UDP port of announcements, unassigned by IANA. */
export const LAN_PORT = 7548

/** Group of announcements: administratively scoped to the site (RFC 2365 §6.1), sent with TTL 1. */
export const LAN_GROUP = '239.255.75.72'

/** The same for IPv6: transient, of one link (RFC 4291 §2.7). */
export const LAN_GROUP_IP6 = 'ff12::4b49:5448'
