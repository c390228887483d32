import type { Libp2pOptions } from 'libp2p'
import type { HostCertificate } from './certificate.ts'

/** What makes one libp2p transport. */
export type TransportFactory = NonNullable<Libp2pOptions['transports']>[number]

/** What the transports of a host are made from. */
export interface TransportOptions {
  readonly certificate?: HostCertificate
  /** STUN servers as `stun:host:port`; asked for a fresh list at each connection. */
  iceServers(): readonly string[]
  /** Whether WebRTC between two peers is offered; it would find private addresses by itself. */
  readonly webrtc: boolean
}

/** What differs between Node and a browser page. One file per platform, chosen by `exports`. */
export interface Platform {
  transports(options: TransportOptions): Promise<readonly TransportFactory[]>
}
