/** Events about contacts: part of the contract of events.ts (CLI-1, CLI-2). */

import { flag, nullable, oneOf, record, type Shape, text } from '../shape.ts'
import { code, count, id, name } from './bounds.ts'

export interface ContactEvent {
  readonly event: 'contact'
  readonly contact: string
  readonly name: string
  readonly verified: boolean
  /** Number of its devices. */
  readonly devices: number
  /** The account is new, and nobody has accepted it. */
  readonly changed: boolean
  /** Nothing is sent until it is accepted. */
  readonly held: boolean
  readonly alert: 'forked' | 'logs-differ' | null
}

/** What two people compare. */
export interface SecurityCodeEvent {
  readonly event: 'security-code'
  readonly contact: string
  /** 60 */
  readonly digits: string
  readonly verified: boolean
  /** The same, to scan. */
  readonly qr: string
}

/** A contact was verified; `logs-differ` when one of the devices knew an older device log. */
export interface VerificationEvent {
  readonly event: 'verification'
  readonly contact: string
  readonly name: string
  readonly outcome: 'verified' | 'logs-differ'
}

export interface InviteEvent {
  readonly event: 'invite'
  readonly code: string
}

/** Any of them that answers a command. */
export type ContactsEvent = ContactEvent | SecurityCodeEvent | VerificationEvent | InviteEvent

/** How each is read from the running device. */
export const CONTACTS_SHAPES: {
  readonly [E in ContactsEvent as E['event']]: Shape<E>
} = {
  contact: record({
    event: oneOf('contact'),
    contact: id,
    name,
    verified: flag(),
    devices: count,
    changed: flag(),
    held: flag(),
    alert: nullable(oneOf('forked', 'logs-differ')),
  }),
  'security-code': record({
    event: oneOf('security-code'),
    contact: id,
    digits: text({ min: 60, max: 60 }),
    verified: flag(),
    qr: code,
  }),
  verification: record({
    event: oneOf('verification'),
    contact: id,
    name,
    outcome: oneOf('verified', 'logs-differ'),
  }),
  invite: record({ event: oneOf('invite'), code }),
}
