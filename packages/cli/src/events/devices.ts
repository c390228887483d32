/** Events about the devices of this account, and about this device: part of the contract of events.ts (CLI-1, CLI-2). */

import { flag, list, nullable, oneOf, record, type Shape, text } from '../shape.ts'
import { count, id, name, reason, time, word } from './bounds.ts'
import { WAITING_CONTACT, type WaitingContact } from './messages.ts'
import type { RecoveryWordsState } from './safety.ts'

/** What every event about a device says. */
interface DeviceFields {
  readonly device: string
  readonly name: string
  /** `cli`, `browser`, … as the device said when it was linked. */
  readonly kind: string
  readonly this: boolean
  readonly state: 'active' | 'held' | 'suspended' | 'unlinked'
  readonly lastSeen: string | null
}

/** What carries a connection; `null` while there is none. */
export type Over = 'tcp' | 'websocket' | 'webrtc' | 'splice' | 'circuit' | null

/** A device of this account, with the way to it. */
export interface DeviceStatus extends DeviceFields {
  readonly path: 'this' | 'lan' | 'direct' | 'relayed' | 'away'
  readonly over: Over
  readonly reason: string
  /** Account log records it is known to lack. */
  readonly pending: number
}

/** A contact, and the way to each of its devices. */
export interface ContactStatus {
  readonly contact: string
  readonly name: string
  readonly devices: readonly {
    readonly device: string
    readonly path: 'lan' | 'direct' | 'relayed' | 'away'
    readonly over: Over
    readonly reason: string
    readonly lastSeen: string | null
  }[]
}

export interface RelayStatus {
  readonly address: string
  readonly state: string
  readonly reason: string | null
}

export interface StatusEvent {
  readonly event: 'status'
  readonly account: string
  readonly device: string
  readonly name: string
  /** Whether others can reach this device from other networks, as far as it knows. */
  readonly reachable: 'yes' | 'no' | 'unknown'
  readonly reachableReason: string
  readonly devices: readonly DeviceStatus[]
  /** Contacts by name; of 256. */
  readonly contacts: readonly ContactStatus[]
  readonly relays: readonly RelayStatus[]
  /** Messages that some device of their recipient lacks. */
  readonly pending: number
  /** The same by contact, and why. */
  readonly waiting: readonly WaitingContact[]
  readonly recovery: RecoveryWordsState
  /** What this device's store lost and has not got back yet; empty when it is whole. */
  readonly damage: readonly StoreDamage[]
  /** This device is out of the account: why, and what to do. */
  readonly left: {
    readonly reason: 'unlinked' | 'suspended' | 'left' | 'expired' | 'recovered' | 'held'
    readonly hint: string
  } | null
}

/** Something that the store lost: entries of a table, the last commits, or the count of all. */
export interface StoreDamage {
  readonly kind: 'table' | 'commits' | 'ledger'
  /** `null` where the kind is not `table`. */
  readonly table: string | null
  readonly noticedAt: string
}

/** The store of a running device lost something, or has it back. */
export interface StoreEvent {
  readonly event: 'store'
  readonly state: 'damaged' | 'healed'
  /** Empty when healed. */
  readonly damage: readonly StoreDamage[]
}

export interface DeviceEvent extends DeviceFields {
  readonly event: 'device'
  readonly addedAt: string
  /** `null` for the first device. */
  readonly linkedBy: string | null
  readonly expiresAt: string | null
  readonly suspended: {
    readonly reason: 'lost' | 'idle' | 'left' | 'revoked'
    readonly by: string
    readonly at: string
  } | null
  /** Days without a meeting until it is suspended as idle. */
  readonly idleIn: number | null
  /** Its linking broke off here: it is to be linked again, or unlinked (LNK-22). */
  readonly unfinished: boolean
}

/** A device that was seen to be a copy: cloned, restored from a backup, or its key is stolen. */
export interface AlertEvent {
  readonly event: 'alert'
  readonly account: string
  readonly device: string
  /** Of the device, or of the contact whose device it is. */
  readonly name: string
  readonly own: boolean
  readonly kind: 'log' | 'records'
  readonly at: string
  /** Base64, for `kith log verify`; `null` where there is none. */
  readonly proof: string | null
}

export interface StoppedEvent {
  readonly event: 'stopped'
}

/** The device log as a file, in base64. */
export interface DeviceLogFileEvent {
  readonly event: 'device-log-file'
  readonly file: string
}

/** Any of them that answers a command. */
export type DevicesEvent =
  | StatusEvent
  | DeviceEvent
  | AlertEvent
  | DeviceLogFileEvent
  | StoppedEvent

/** Entries of a device log end at 4,096 (protocol: device log). */
const DEVICES_MAX = 4096
const RELAYS_MAX = 256
/** Contacts that something waits for, of which the status tells. */
export const WAITING_MAX = 256
/** Contacts whose ways the status tells, and devices of each: an account has 8. */
export const CONTACTS_MAX = 256
export const CONTACT_DEVICES_MAX = 16
/** One for each table of a store, and two for the store itself. */
const DAMAGE_MAX = 258
/** Base64 of a device log of 1 MiB. */
const logFile = text({ max: 1_400_000 })
const deviceFields = {
  device: id,
  name,
  kind: word,
  this: flag(),
  state: oneOf('active', 'held', 'suspended', 'unlinked'),
  lastSeen: nullable(time),
} as const

const over = nullable(oneOf('tcp', 'websocket', 'webrtc', 'splice', 'circuit'))
const contactDevice = record({
  device: id,
  path: oneOf('lan', 'direct', 'relayed', 'away'),
  over,
  reason,
  lastSeen: nullable(time),
})

/** How each is read from the running device. */
export const DEVICES_SHAPES: {
  readonly [E in DevicesEvent as E['event']]: Shape<E>
} = {
  status: record({
    event: oneOf('status'),
    account: id,
    device: id,
    name,
    reachable: oneOf('yes', 'no', 'unknown'),
    reachableReason: reason,
    devices: list(
      record({
        ...deviceFields,
        path: oneOf('this', 'lan', 'direct', 'relayed', 'away'),
        over,
        reason,
        pending: count,
      }),
      { max: DEVICES_MAX },
    ),
    contacts: list(
      record({
        contact: id,
        name,
        devices: list(contactDevice, { max: CONTACT_DEVICES_MAX }),
      }),
      { max: CONTACTS_MAX },
    ),
    relays: list(record({ address: text({ max: 1024 }), state: word, reason: nullable(reason) }), {
      max: RELAYS_MAX,
    }),
    left: nullable(
      record({
        reason: oneOf('unlinked', 'suspended', 'left', 'expired', 'recovered', 'held'),
        hint: reason,
      }),
    ),
    pending: count,
    damage: list(
      record({
        kind: oneOf('table', 'commits', 'ledger'),
        table: nullable(word),
        noticedAt: time,
      }),
      { max: DAMAGE_MAX },
    ),
    waiting: list(WAITING_CONTACT, { max: WAITING_MAX }),
    recovery: oneOf('kept', 'confirmed', 'absent'),
  }),
  device: record({
    event: oneOf('device'),
    ...deviceFields,
    addedAt: time,
    linkedBy: nullable(id),
    expiresAt: nullable(time),
    suspended: nullable(
      record({ reason: oneOf('lost', 'idle', 'left', 'revoked'), by: id, at: time }),
    ),
    idleIn: nullable(count),
    unfinished: flag(),
  }),
  alert: record({
    event: oneOf('alert'),
    account: id,
    device: id,
    name,
    own: flag(),
    kind: oneOf('log', 'records'),
    at: time,
    proof: nullable(text({ max: 32 * 1024 })),
  }),
  'device-log-file': record({ event: oneOf('device-log-file'), file: logFile }),
  stopped: record({ event: oneOf('stopped') }),
}
