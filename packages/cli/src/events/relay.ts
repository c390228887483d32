/** Events about relays: part of the contract of events.ts (CLI-1, CLI-2). */

import { nullable, oneOf, record, type Shape, text } from '../shape.ts'
import { reason, word } from './bounds.ts'

/** A relay of this device, and whether it holds a place there. */
export interface RelayEvent {
  readonly event: 'relay'
  readonly address: string
  readonly state: string
  readonly reason: string | null
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
export const RELAY_SHAPES: { readonly relay: Shape<RelayEvent> } = {
  relay: record({
    event: oneOf('relay'),
    address: text({ max: 1024 }),
    state: word,
    reason: nullable(reason),
  }),
}
