/** What the device knows, as the JSON events of the commands. */

import type {
  Contact,
  DeliveryState,
  Device,
  DeviceAlert,
  LinkState,
  Message,
  NearbyDevice,
  SeenDevice,
  Status,
} from '@kithmesh/node'
import type {
  AlertEvent,
  AnswerEvent,
  ContactEvent,
  DeliveryEvent,
  DeviceEvent,
  MessageEvent,
  NearbyEvent,
  StatusEvent,
  VerificationEvent,
} from '../events.ts'
import type { Seen } from '../local/calls.ts'
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
    devices: status.devices.map((own) => ({
      ...deviceFields(own),
      path: own.path,
      reason: own.reason.slice(0, REASON_MAX),
      pending: own.pending,
    })),
    relays: status.relays.map(({ address, state, reason }) => {
      return { address, state, reason: reason?.slice(0, REASON_MAX) ?? null }
    }),
    pending,
    left: status.left ?? null,
  }
}

type SharedFields = Omit<
  DeviceEvent,
  'event' | 'addedAt' | 'linkedBy' | 'expiresAt' | 'suspended' | 'idleIn'
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
    delivery:
      delivery === undefined
        ? null
        : { reached: delivery.reached, of: delivery.of, read: delivery.read },
  }
}

export function deliveryEvent(message: string, state: DeliveryState): DeliveryEvent {
  const { reached, of, read } = state
  return { event: 'delivery', message, reached, of, read }
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
