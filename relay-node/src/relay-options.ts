import type { AdminAddress } from './admin/admin.ts'
import type { RelayStatus } from './admin/status.ts'
import type { Clock, Rng } from './environment.ts'
import type { RelayLimits } from './limits.ts'
import type { ClaimCode } from './ownership/claim-code.ts'

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
  /** Whether everybody who knows an address may use it. Default: its owner's devices and who is allowed. */
  readonly open?: boolean
  /** A file of devices and accounts that are allowed, besides `allow.txt` in the home. */
  readonly allow?: string
  /** Go before those of `limits.json` in the home, and these before the defaults. */
  readonly limits?: Partial<RelayLimits>
  /** Whether sums per account and day are kept in memory and told, signed, to devices of that account. Default false. */
  readonly usage?: boolean
  /** ms a reader may take nothing before its circuit is reset. Default 60,000. */
  readonly stallTimeout?: number
  /** ms a request, and coming with a ticket, may take. Default 10,000. */
  readonly requestTimeout?: number
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
  /** The code to claim it with; undefined where it is open or has an owner. */
  claimCode(): Promise<ClaimCode | undefined>
  /** The same also where there is an owner: whoever presents it takes over. */
  offerToAnother(): Promise<ClaimCode | undefined>
  /** Reads limits and allow lists again; what is wrong in them leaves everything as it is. @throws ERR_LIMITS, ERR_ALLOW_LIST */
  reload(): Promise<void>
  /** Refuses new reservations and circuits, drains, closes everything. */
  stop(): Promise<void>
}
