/**
 * The JSON events of `kith`, one object per line: the contract of scripts (CLI-1, CLI-2). Fields may
 * be added, none may change or go. Times are ISO 8601 UTC; what does not apply is `null`.
 */

import { PREFERENCE_SHAPES, type PreferenceEvent } from './preference-events.ts'
import { flag, list, nullable, oneOf, optional, record, type Shape, text, uint } from './shape.ts'

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

/** A device of this account, with the way to it. */
export interface DeviceStatus extends DeviceFields {
  readonly path: 'this' | 'lan' | 'direct' | 'relayed' | 'away'
  readonly reason: string
  /** Account log records it is known to lack. */
  readonly pending: number
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
  readonly devices: readonly DeviceStatus[]
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

export interface LinkStateEvent {
  readonly event: 'link-state'
  readonly state: 'waiting' | 'seen' | 'confirm' | 'syncing' | 'done' | 'failed'
  /** With `confirm`: the six digits both devices show. */
  readonly digits?: string | undefined
  /** While `syncing`. */
  readonly percent?: number | undefined
  /** Why it `failed`. */
  readonly code?: string | undefined
  readonly message?: string | undefined
}

/** How much of the messages of before is on this device. */
export interface HistoryEvent {
  readonly event: 'history'
  /** Records of the account log that are here, of those that are known. */
  readonly received: number
  readonly total: number
  /** 100 only when done. */
  readonly percent: number
  readonly done: boolean
  /** This device gets none that are older; `null` when it gets all. */
  readonly since: string | null
  /** It was linked from afar, and gets none of before until then. */
  readonly waitsUntil: string | null
  /** 64 hexadecimal digits, the same on devices that have the same; `null` unless it was asked for. */
  readonly digest: string | null
  /** How many messages and receipts the digest is over. */
  readonly contents: number | null
}

/** A code that another device reads, here or on the new device. */
export interface LinkCodeEvent {
  readonly event: 'link-code'
  readonly code: string
  readonly expiresInMs: number
}

/** A device on this network that waits to be linked. */
export interface NearbyEvent {
  readonly event: 'nearby'
  readonly device: string
  readonly name: string
  readonly kind: string
}

export interface LinkedEvent {
  readonly event: 'linked'
  readonly device: string
  readonly name: string
}

/** What locks the device, after a command that changed it. */
export interface LockEvent {
  readonly event: 'lock'
  readonly locked: boolean
  /** A passphrase is set. */
  readonly passphrase: boolean
  /** The keyring of the computer unlocks it when it starts. */
  readonly keyring: boolean
  readonly autoLockMinutes: number | null
  /** What a short passphrase does not protect. */
  readonly warning: string | null
}

/** The device log as a file, in base64. */
export interface DeviceLogFileEvent {
  readonly event: 'device-log-file'
  readonly file: string
}

export interface StoppedEvent {
  readonly event: 'stopped'
}

/** Whether the recovery words are still on this device. */
export type RecoveryWordsState = 'kept' | 'confirmed' | 'absent'

export interface RecoveryEvent {
  readonly event: 'recovery'
  readonly state: RecoveryWordsState
}

export interface RecoveryWordsEvent {
  readonly event: 'recovery-words'
  /** In their order. */
  readonly words: readonly string[]
}

/** Which words are asked for, by their places from 1. */
export interface RecoveryChallengeEvent {
  readonly event: 'recovery-challenge'
  readonly places: readonly number[]
}

/** Whether contacts are given sealed copies of the account data. */
export interface RecoveryCopiesEvent {
  readonly event: 'recovery-copies'
  readonly on: boolean
}

/** What a recovery will do, before it does anything. */
export interface RecoveryPlanEvent {
  readonly event: 'recovery-plan'
  readonly account: string
  readonly name: string
  readonly since: string
  readonly devices: readonly {
    readonly device: string
    readonly name: string
    readonly kind: string
    readonly kept: boolean
    readonly answered: boolean
  }[]
  readonly contacts: number
  readonly starred: number
  readonly settings: number
  readonly copyMadeAt: string | null
  readonly fromRemoved: boolean
  readonly history: 'kept-devices' | 'none'
  readonly sources: readonly {
    readonly device: string
    readonly own: boolean
    readonly name: string
  }[]
}

/** An event the running device answers a command with. */
export type AnswerEvent =
  | StatusEvent
  | DeviceEvent
  | AlertEvent
  | ContactEvent
  | InviteEvent
  | SecurityCodeEvent
  | VerificationEvent
  | SentEvent
  | DeliveryEvent
  | MessageEvent
  | GapEvent
  | ReadEvent
  | PreferenceEvent
  | LinkStateEvent
  | LinkCodeEvent
  | HistoryEvent
  | NearbyEvent
  | LinkedEvent
  | LockEvent
  | RecoveryEvent
  | RecoveryWordsEvent
  | RecoveryChallengeEvent
  | RecoveryCopiesEvent
  | DeviceLogFileEvent
  | StoppedEvent

/** An event that `kith up` and the commands without a running device print themselves. */
export type OwnEvent =
  | StoreEvent
  | { readonly event: 'linked'; readonly account: string; readonly device: string }
  | {
      readonly event: 'ready'
      readonly account: string
      readonly device: string
      readonly name: string
      readonly addresses: readonly string[]
      /** Address of the local page; `null` while there is none. */
      readonly ui: string | null
    }
  | RecoveryPlanEvent
  | {
      readonly event: 'recovered'
      readonly account: string
      readonly device: string
      readonly kept: readonly string[]
    }
  /** The device is out of its account: it goes on only to hear whether it is readmitted. */
  | {
      readonly event: 'account-left'
      readonly account: string
      readonly device: string
      readonly reason: NonNullable<StatusEvent['left']>['reason']
      readonly hint: string
    }
  /** Another device came into the account; `far`: not from the network of the one that linked it. */
  | {
      readonly event: 'device-linked'
      readonly device: string
      readonly name: string
      readonly kind: string
      readonly linkedBy: string | null
      readonly far: boolean
    }
  /** The device waits for `kith unlock`. */
  | { readonly event: 'locked' }
  | {
      readonly event: 'device-log'
      readonly valid: boolean
      readonly devices: readonly {
        readonly device: string
        readonly state: 'active' | 'held' | 'suspended' | 'unlinked'
        readonly addedAt: string
        readonly takenInBy: string | null
      }[]
      readonly faults: readonly {
        readonly place: string
        readonly code: string
        readonly message: string
      }[]
    }
  | {
      readonly event: 'fork-proof'
      readonly valid: boolean
      readonly account: string
      readonly device: string
    }
  | { readonly event: 'device-log-exported'; readonly path: string; readonly bytes: number }
  | { readonly event: 'paths'; readonly home: string; readonly socket: string }
  | { readonly event: 'version'; readonly version: string; readonly node: string }
  | { readonly event: 'help'; readonly text: string }

/** A text of a message is at most 16 KiB (protocol: content). */
export const TEXT_MAX_BYTES: number = 16 * 1024
/** Entries of a device log end at 4,096 (protocol: device log). */
const DEVICES_MAX = 4096
const RELAYS_MAX = 256
/** Contacts that something waits for, of which the status tells. */
export const WAITING_MAX = 256
/** One for each table of a store, and two for the store itself. */
const DAMAGE_MAX = 258
/** Longer than every id: `a` and 52 characters of base32, or a peer id of 52. */
const id = text({ min: 1, max: 64 })
/** Names given here have at most 64 characters; a peer's may be longer. */
const name = text({ max: 256 })
const word = text({ max: 64 })
const reason = text({ max: 1024 })
/** Base64 of a device log of 1 MiB. */
const logFile = text({ max: 1_400_000 })
const time = text({ min: 24, max: 24 })
/** Longer than an invite code with two addresses of 160 bytes. */
const code = text({ min: 1, max: 4096 })
const count = uint({ max: Number.MAX_SAFE_INTEGER })
const deviceFields = {
  device: id,
  name,
  kind: word,
  this: flag(),
  state: oneOf('active', 'held', 'suspended', 'unlinked'),
  lastSeen: nullable(time),
} as const
const waitingFields = {
  reason: oneOf('away', 'some-away', 'held', 'no-device-log', 'no-card', 'sending', 'ended'),
  text: reason,
  until: nullable(time),
} as const
const delivery = {
  reached: count,
  of: count,
  read: flag(),
  state: oneOf('here', 'sibling', 'reached', 'read', 'ended'),
  waiting: nullable(record(waitingFields)),
  readAt: nullable(time),
} as const

type EventName = AnswerEvent['event']

const SHAPES: { readonly [N in EventName]: Shape<Extract<AnswerEvent, { readonly event: N }>> } = {
  status: record({
    event: oneOf('status'),
    account: id,
    device: id,
    name,
    devices: list(
      record({
        ...deviceFields,
        path: oneOf('this', 'lan', 'direct', 'relayed', 'away'),
        reason,
        pending: count,
      }),
      { max: DEVICES_MAX },
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
    waiting: list(record({ contact: id, name, messages: count, ...waitingFields }), {
      max: WAITING_MAX,
    }),
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
  ...PREFERENCE_SHAPES,
  'link-state': record({
    event: oneOf('link-state'),
    state: oneOf('waiting', 'seen', 'confirm', 'syncing', 'done', 'failed'),
    digits: optional(text({ min: 6, max: 6 })),
    percent: optional(uint({ max: 100 })),
    code: optional(word),
    message: optional(reason),
  }),
  'link-code': record({ event: oneOf('link-code'), code, expiresInMs: count }),
  history: record({
    event: oneOf('history'),
    received: count,
    total: count,
    percent: uint({ max: 100 }),
    done: flag(),
    since: nullable(time),
    waitsUntil: nullable(time),
    digest: nullable(text({ min: 64, max: 64 })),
    contents: nullable(count),
  }),
  nearby: record({ event: oneOf('nearby'), device: id, name, kind: word }),
  linked: record({ event: oneOf('linked'), device: id, name }),
  recovery: record({ event: oneOf('recovery'), state: oneOf('kept', 'confirmed', 'absent') }),
  'recovery-words': record({ event: oneOf('recovery-words'), words: list(word, { max: 12 }) }),
  'recovery-copies': record({ event: oneOf('recovery-copies'), on: flag() }),
  'recovery-challenge': record({
    event: oneOf('recovery-challenge'),
    places: list(uint({ max: 12 }), { max: 12 }),
  }),
  lock: record({
    event: oneOf('lock'),
    locked: flag(),
    passphrase: flag(),
    keyring: flag(),
    autoLockMinutes: nullable(count),
    warning: nullable(reason),
  }),
  'device-log-file': record({ event: oneOf('device-log-file'), file: logFile }),
  stopped: record({ event: oneOf('stopped') }),
}
const shapes: ReadonlyMap<string, Shape<AnswerEvent>> = new Map(Object.entries(SHAPES))
const anyOfThem = oneOf(...shapes.keys())

/** Reads an event as the running device sends it. @throws ERR_LOCAL_MALFORMED */
export const answerEvent: Shape<AnswerEvent> = {
  parse: (value, path = 'event') => {
    const given = typeof value === 'object' && value !== null && 'event' in value && value.event
    return knownShape(anyOfThem.parse(given, `${path}.event`)).parse(value, path)
  },
}

function knownShape(event: string): Shape<AnswerEvent> {
  return shapes.get(event) ?? SHAPES.stopped
}
