/** Events about messages and how far they are: part of the contract of events.ts (CLI-1, CLI-2). */

import { flag, nullable, oneOf, record, type Shape, text } from '../shape.ts'
import { count, id, name, reason, TEXT_MAX_BYTES, time } from './bounds.ts'

export interface SentEvent {
  readonly event: 'sent'
  readonly message: string
  readonly chat: string
  /** How far it is now that it is on this disk; `null` when the command was ended before it was known. */
  readonly delivery: Delivery | null
}

/** Devices of the recipient that hold a message on disk, and what it waits for. */
export interface Delivery {
  readonly reached: number
  readonly of: number
  readonly read: boolean
  readonly state: 'here' | 'sibling' | 'reached' | 'read' | 'ended'
  /** `null` when nothing is waited for. */
  readonly waiting: WaitingFor | null
  readonly readAt: string | null
}

/** Why a message goes no further now. */
export interface WaitingFor {
  readonly reason: 'away' | 'some-away' | 'held' | 'no-device-log' | 'no-card' | 'sending' | 'ended'
  readonly text: string
  /** When it ends undelivered. */
  readonly until: string | null
}

/** What waits for a contact. */
export interface WaitingContact extends WaitingFor {
  readonly contact: string
  readonly name: string
  readonly messages: number
}

/** Messages of a contact were marked as read. */
export interface ReadEvent {
  readonly event: 'read'
  readonly contact: string
  readonly name: string
  /** How many were new. */
  readonly marked: number
  readonly unread: number
}

export interface DeliveryEvent extends Delivery {
  readonly event: 'delivery'
  readonly message: string
}

export interface MessageEvent {
  readonly event: 'message'
  readonly message: string
  readonly chat: string
  readonly from: { readonly account: string; readonly name: string; readonly self: boolean }
  readonly device: string
  readonly text: string
  readonly at: string
  readonly starred: boolean
  /** `null` for messages of others. */
  readonly delivery: Delivery | null
  /** Of somebody else, and nobody has looked at it. */
  readonly unread: boolean
}

/**
 * Messages of one device of a contact that are missing here. `coming`: a device of the contact sends them;
 * `gone`: none has them any more; `filled`: while following, all that was missing is here.
 */
export interface GapEvent {
  readonly event: 'gap'
  readonly contact: string
  readonly name: string
  /** The device that wrote them; `null` when nothing is missing any more. */
  readonly device: string | null
  /** How many are missing. */
  readonly missing: number
  readonly state: 'missing' | 'coming' | 'gone' | 'filled'
  /** The message before which they belong, when it is known. */
  readonly before: string | null
}

/** Any of them that answers a command. */
export type MessagesEvent = SentEvent | DeliveryEvent | MessageEvent | ReadEvent | GapEvent

const waitingFields = {
  reason: oneOf('away', 'some-away', 'held', 'no-device-log', 'no-card', 'sending', 'ended'),
  text: reason,
  until: nullable(time),
} as const
/** How that which waits for a contact is read. */
export const WAITING_CONTACT: Shape<WaitingContact> = record({
  contact: id,
  name,
  messages: count,
  ...waitingFields,
})
const delivery = {
  reached: count,
  of: count,
  read: flag(),
  state: oneOf('here', 'sibling', 'reached', 'read', 'ended'),
  waiting: nullable(record(waitingFields)),
  readAt: nullable(time),
} as const

/** How each is read from the running device. */
export const MESSAGES_SHAPES: {
  readonly [E in MessagesEvent as E['event']]: Shape<E>
} = {
  sent: record({
    event: oneOf('sent'),
    message: id,
    chat: id,
    delivery: nullable(record(delivery)),
  }),
  delivery: record({ event: oneOf('delivery'), message: id, ...delivery }),
  message: record({
    event: oneOf('message'),
    message: id,
    chat: id,
    from: record({ account: id, name, self: flag() }),
    device: id,
    text: text({ max: TEXT_MAX_BYTES }),
    at: time,
    starred: flag(),
    delivery: nullable(record(delivery)),
    unread: flag(),
  }),
  read: record({ event: oneOf('read'), contact: id, name, marked: count, unread: count }),
  gap: record({
    event: oneOf('gap'),
    contact: id,
    name,
    device: nullable(id),
    missing: count,
    state: oneOf('missing', 'coming', 'gone', 'filled'),
    before: nullable(id),
  }),
}
