/** What the device knows, as the JSON events of the commands. */

import type {
  Contact,
  DeliveryState,
  Device,
  LinkState,
  Message,
  SeenDevice,
  Status,
} from '@kithmesh/node'
import type {
  AnswerEvent,
  ContactEvent,
  DeliveryEvent,
  DeviceEvent,
  MessageEvent,
  StatusEvent,
} from '../events.ts'
import type { Seen } from '../local/calls.ts'
import { isoTime } from '../times.ts'

/** Lengths a command takes (events.ts): what a peer chose may be longer, and must not end the command. */
const NAME_MAX = 256
const REASON_MAX = 1024
const KIND_MAX = 64

export function statusEvent(status: Status): StatusEvent {
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
  }
}

export function deviceEvent(device: Device): DeviceEvent {
  return { event: 'device', ...deviceFields(device), addedAt: isoTime(device.addedAt) }
}

function deviceFields(own: Device): Omit<DeviceEvent, 'event' | 'addedAt'> {
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

export function contactEvent({ contact, name, verified, devices }: Contact): ContactEvent {
  return { event: 'contact', contact, name: name.slice(0, NAME_MAX), verified, devices }
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
    code: state.state === 'failed' ? state.code : undefined,
    message: state.state === 'failed' ? state.message.slice(0, REASON_MAX) : undefined,
  }
}

/** The device a person is asked about. */
export function seenDevice({ device, name, kind, distance }: SeenDevice): Seen {
  return { device, name: name.slice(0, NAME_MAX), kind: kind.slice(0, KIND_MAX), distance }
}
