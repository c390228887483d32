/** Events about relays: part of the contract of events.ts (CLI-1, CLI-2). */

import { nullable, oneOf, record, type Shape, text } from '../shape.ts'
import { count, id, reason, word } from './bounds.ts'

/** A relay of this device, and whether it holds a place there. */
export interface RelayEvent {
  readonly event: 'relay'
  readonly address: string
  readonly state: string
  readonly reason: string | null
}

/** What a relay says it forwarded for this account in one day, signed by it (RLY-45). */
export interface RelayUsageEvent {
  readonly event: 'relay-usage'
  /** Peer id of the relay. */
  readonly relay: string
  /** UTC, as `2026-11-22`. */
  readonly day: string
  readonly bytes: number
  readonly circuits: number
}

/** One hop on the way to a relay, tried from here (CLI-100). */
export interface ProbeEvent {
  readonly event: 'probe'
  readonly hop: string
  readonly ok: boolean
  readonly ms: number
  readonly detail?: string
  /** What to do; at the first hop that failed. */
  readonly hint?: string
}

/** How it is read from the running device. */
export const RELAY_SHAPES: {
  readonly relay: Shape<RelayEvent>
  readonly 'relay-usage': Shape<RelayUsageEvent>
} = {
  relay: record({
    event: oneOf('relay'),
    address: text({ max: 1024 }),
    state: word,
    reason: nullable(reason),
  }),
  'relay-usage': record({
    event: oneOf('relay-usage'),
    relay: id,
    day: text({ min: 10, max: 10 }),
    bytes: count,
    circuits: count,
  }),
}
