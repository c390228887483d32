import type { RelayLimits } from '../limits.ts'

/** What a relay says of itself: sums only, never who (rule RLY-16). Served at `/status`. */
export interface RelayStatus {
  /** Peer id of the relay. */
  readonly relay: string
  readonly version: string
  /** False while starting and while draining. */
  readonly ready: boolean
  /** Who may use it: everybody who knows its address, its owner's devices, or nobody yet. */
  readonly access: 'open' | 'owned' | 'unclaimed'
  /** Whether it can be reached from outside, as far as it knows. */
  readonly reachable: 'yes' | 'no' | 'unknown'
  /** How it knows, for a person. */
  readonly reachableReason: string
  readonly addresses: readonly string[]
  /** `stun:host:port` of its STUN responder; null when that is off. */
  readonly stun: string | null
  /** ms since it started. */
  readonly uptime: number
  /** Reservations standing now. */
  readonly reservations: number
  /** Circuits open now, splices included. */
  readonly circuits: number
  /** Of these, splices. */
  readonly splices: number
  /** Connections open now. */
  readonly connections: number
  /** Bytes forwarded since it started. */
  readonly bytes: number
  /** Bytes forwarded in this calendar month, over restarts where a month has a limit. */
  readonly monthBytes: number
  /** Connections refused, and those cut off because they flooded. */
  readonly turnedAway: number
  readonly floods: number
  /** Bytes on their way through it now, in memory. */
  readonly bufferedBytes: number
  /** A relay cannot store messages. */
  readonly messagesHeld: 0
  readonly limits: RelayLimits
  /** What it could not do at the start, and what to do about it. */
  readonly notices: readonly RelayNotice[]
}

/** Something an operator should know that does not stop the relay. */
export interface RelayNotice {
  readonly code: 'NO_WEBRTC' | 'NO_STUN' | 'ADMIN_EXPOSED'
  readonly message: string
  readonly hint: string
}
