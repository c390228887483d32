import type { Clock, Rng } from '@kithmesh/net'
import type { AdminAddress } from './admin.ts'
import type { RelayLimits } from './limits.ts'
import type { RelayStatus } from './status.ts'

/** What `createRelay` is given; only `home` has no default. */
export interface RelayOptions {
  /** Folder for the key and the certificate; made when missing. One relay at a time. */
  readonly home: string
  /** Multiaddrs to listen on. Default: udp/4001 webrtc-direct, tcp/4001, tcp/4002 WebSocket. */
  readonly listen?: readonly string[]
  /** Name or address under which the outside reaches this machine. */
  readonly publicHost?: string
  /** Where `/healthz`, `/readyz`, `/status` and `/metrics` are served. Default 127.0.0.1:4003. */
  readonly admin?: AdminAddress | 'off'
  /** UDP port of the STUN responder, 0 for any. Default 3478, given up with a notice when taken. */
  readonly stun?: { readonly port: number } | 'off'
  /** Go before those of `limits.json` in the home, and these before the defaults. */
  readonly limits?: Partial<RelayLimits>
  /** ms a reader may take nothing before its circuit is reset. Default 60,000. */
  readonly stallTimeout?: number
  /** ms that {@link Relay.stop} waits for open circuits to end by themselves. Default 0. */
  readonly drain?: number
  readonly clock?: Clock
  readonly rng?: Rng
  readonly signal?: AbortSignal
}

/** A running relay. */
export interface Relay extends AsyncDisposable {
  /** Peer id of the relay. */
  readonly peer: string
  /** Multiaddrs with `/p2p/…` at which devices reach it, the public ones first. */
  readonly addresses: readonly string[]
  /** URL of the admin pages; null when they are off. */
  readonly admin: string | null
  status(): RelayStatus
  /** Refuses new reservations and circuits, drains, closes everything. */
  stop(): Promise<void>
}
