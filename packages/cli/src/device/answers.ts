/** What the device knows, as the JSON events of the commands. */

import type {
  Contact,
  DeliveryState,
  Device,
  DeviceAlert,
  LinkState,
  Message,
  MessageGap,
  NearbyDevice,
  SeenDevice,
  SentMessage,
  Status,
  Waiting,
} from '@kithmesh/node'
import type { ContactEvent, VerificationEvent } from '../events/contacts.ts'
import type {
  AlertEvent,
  ContactStatus,
  DeviceEvent,
  StatusEvent,
  StoreDamage,
} from '../events/devices.ts'
import { CONTACT_DEVICES_MAX, CONTACTS_MAX, WAITING_MAX } from '../events/devices.ts'
import type { NearbyEvent } from '../events/linking.ts'
import type {
  Delivery,
  DeliveryEvent,
  GapEvent,
  MessageEvent,
  ReadEvent,
  SentEvent,
  WaitingContact,
  WaitingFor,
} from '../events/messages.ts'
import type { AnswerEvent } from '../events.ts'
import type { Seen } from '../local/local-protocol.ts'
import { isoTime } from '../times.ts'

/** Lengths a command takes (events.ts): what a peer chose may be longer, and must not end the command. */
const NAME_MAX = 256
const REASON_MAX = 1024
const KIND_MAX = 64

export function statusEvent(status: Status): Omit<StatusEvent, 'recovery'> {
  const { account, device, name, pending } = status
  return {
    event: 'status',
    account,
    device,
    name: name.slice(0, NAME_MAX),
    reachable: status.reachable,
    reachableReason: status.reachableReason.slice(0, REASON_MAX),
    devices: status.devices.map((own) => ({
      ...deviceFields(own),
      path: own.path,
      over: own.over ?? null,
      reason: own.reason.slice(0, REASON_MAX),
      pending: own.pending,
    })),
    contacts: (status.contacts ?? []).slice(0, CONTACTS_MAX).map(contactStatus),
    relays: status.relays.map(({ address, state, reason }) => {
      return { address, state, reason: reason?.slice(0, REASON_MAX) ?? null }
    }),
    pending,
    waiting: (status.waiting ?? []).slice(0, WAITING_MAX).map(waitingContact),
    damage: (status.damage ?? []).map(storeDamage),
    left: status.left ?? null,
  }
}

function contactStatus({ contact, name, devices }: ContactOfStatus): ContactStatus {
  return {
    contact,
    name: name.slice(0, NAME_MAX),
    devices: devices
      .slice(0, CONTACT_DEVICES_MAX)
      .map(({ device, path, over, reason, lastSeen }) => ({
        device,
        path,
        over: over ?? null,
        reason: reason.slice(0, REASON_MAX),
        lastSeen: lastSeen === undefined ? null : isoTime(lastSeen),
      })),
  }
}

type ContactOfStatus = NonNullable<Status['contacts']>[number]

/** What the store lost, as scripts read it. */
export function storeDamage({ kind, table, noticedAt }: LostOfStore): StoreDamage {
  return { kind, table: table ?? null, noticedAt: isoTime(noticedAt) }
}

type LostOfStore = NonNullable<Status['damage']>[number]

function waitingContact(one: NonNullable<Status['waiting']>[number]): WaitingContact {
  const { contact, name, messages } = one
  return { contact, name: name.slice(0, NAME_MAX), messages, ...waitingFields(one) }
}

type SharedFields = Omit<
  DeviceEvent,
  'event' | 'addedAt' | 'linkedBy' | 'expiresAt' | 'suspended' | 'idleIn' | 'unfinished'
>

export function deviceEvent(device: Device): DeviceEvent {
  const { addedAt, linkedBy, expiresAt, suspended, idleIn } = device
  return {
    event: 'device',
    ...deviceFields(device),
    addedAt: isoTime(addedAt),
    linkedBy: linkedBy ?? null,
    expiresAt: expiresAt === undefined ? null : isoTime(expiresAt),
    suspended: suspended ? { ...suspended, at: isoTime(suspended.at) } : null,
    idleIn: idleIn ?? null,
    unfinished: device.unfinished === true,
  }
}

/** A device that was seen to be a copy; `name`: its own, or its contact's. */
export function alertEvent(alert: DeviceAlert, name: string): AlertEvent {
  const { account, device, own, kind, at, proof } = alert
  return {
    event: 'alert',
    account,
    device,
    name: name.slice(0, NAME_MAX),
    own,
    kind,
    at: isoTime(at),
    proof: proof.length > 0 ? base64Of(proof) : null,
  }
}

function base64Of(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes))
}

function deviceFields(own: Device): SharedFields {
  const { device, name, kind, state, lastSeen } = own
  const seen = lastSeen === undefined ? null : isoTime(lastSeen)
  return {
    device,
    name: name.slice(0, NAME_MAX),
    kind: kind.slice(0, KIND_MAX),
    this: own.this,
    state,
    lastSeen: seen,
  }
}

export function contactEvent(shown: Contact): ContactEvent {
  const { contact, name, verified, devices, changed, held, alert } = shown
  return {
    event: 'contact',
    contact,
    name: name.slice(0, NAME_MAX),
    verified,
    devices,
    changed: changed === true,
    held: held === true,
    alert: alert ?? null,
  }
}

export function verificationEvent(
  { contact, name }: Contact,
  outcome: VerificationEvent['outcome'],
): VerificationEvent {
  return { event: 'verification', contact, name: name.slice(0, NAME_MAX), outcome }
}

export function messageEvent(message: Message): MessageEvent {
  const { chat, device, text, starred, delivery } = message
  const { account, name, self } = message.from
  return {
    event: 'message',
    message: message.message,
    chat,
    from: { account, name: name.slice(0, NAME_MAX), self },
    device,
    text,
    at: isoTime(message.at),
    starred,
    delivery: delivery === undefined ? null : deliveryFields(delivery),
    unread: message.unread === true,
  }
}

/** What is missing of a contact's messages; without a gap, nothing is any more. */
export function gapEvent({ contact, name }: Contact, gap?: MessageGap): GapEvent {
  return {
    event: 'gap',
    contact,
    name: name.slice(0, NAME_MAX),
    device: gap?.device ?? null,
    missing: gap === undefined ? 0 : gap.last - gap.first + 1,
    state: gap?.state ?? 'filled',
    before: gap?.before ?? null,
  }
}

export function sentEvent(
  { message, chat }: SentMessage,
  state: DeliveryState | undefined,
): SentEvent {
  return { event: 'sent', message, chat, delivery: state ? deliveryFields(state) : null }
}

export function deliveryEvent(message: string, state: DeliveryState): DeliveryEvent {
  return { event: 'delivery', message, ...deliveryFields(state) }
}

function deliveryFields({ reached, of, read, state, waiting, readAt }: DeliveryState): Delivery {
  return {
    reached,
    of,
    read,
    state,
    waiting: waiting ? waitingFields(waiting) : null,
    readAt: readAt === undefined ? null : isoTime(readAt),
  }
}

function waitingFields({ reason, text, until }: Waiting): WaitingFor {
  const ends = until === undefined ? null : isoTime(until)
  return { reason, text: text.slice(0, REASON_MAX), until: ends }
}

export function readEvent(
  { contact, name }: Contact,
  { before, unread }: { readonly before: number; readonly unread: number },
): ReadEvent {
  const shown = { contact, name: name.slice(0, NAME_MAX) }
  return { event: 'read', ...shown, marked: Math.max(0, before - unread), unread }
}

/** How far linking is; never the code, which only the device that shows it prints. */
export function linkStateEvent(state: LinkState): AnswerEvent {
  return {
    event: 'link-state',
    state: state.state,
    percent: state.state === 'syncing' ? Math.min(100, Math.floor(state.percent)) : undefined,
    digits: state.state === 'confirm' ? state.digits : undefined,
    code: state.state === 'failed' ? state.code : undefined,
    message: state.state === 'failed' ? state.message.slice(0, REASON_MAX) : undefined,
  }
}

/** The device a person is asked about. */
export function seenDevice({ device, name, kind, distance, digits }: SeenDevice): Seen {
  return { device, name: name.slice(0, NAME_MAX), kind: kind.slice(0, KIND_MAX), distance, digits }
}

export function nearbyEvent({ device, name, kind }: NearbyDevice): NearbyEvent {
  const shown = { name: name.slice(0, NAME_MAX), kind: kind.slice(0, KIND_MAX) }
  return { event: 'nearby', device, ...shown }
}
