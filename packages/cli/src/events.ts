/**
 * The JSON events of `kith`, one object per line: the contract of scripts (CLI-1, CLI-2). Fields may
 * be added, none may change or go. Times are ISO 8601 UTC; what does not apply is `null`.
 */

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
  /** Envelopes waiting in the outbox. */
  readonly pending: number
}

export interface DeviceEvent extends DeviceFields {
  readonly event: 'device'
  readonly addedAt: string
}

export interface ContactEvent {
  readonly event: 'contact'
  readonly contact: string
  readonly name: string
  readonly verified: boolean
  /** Number of its devices. */
  readonly devices: number
}

export interface InviteEvent {
  readonly event: 'invite'
  readonly code: string
}

export interface SentEvent {
  readonly event: 'sent'
  readonly message: string
  readonly chat: string
}

/** Devices of the recipient that hold a message on disk. */
interface Delivery {
  readonly reached: number
  readonly of: number
  readonly read: boolean
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
}

export interface LinkStateEvent {
  readonly event: 'link-state'
  readonly state: 'waiting' | 'seen' | 'confirm' | 'syncing' | 'done' | 'failed'
  /** While `syncing`. */
  readonly percent?: number | undefined
  /** Why it `failed`. */
  readonly code?: string | undefined
  readonly message?: string | undefined
}

export interface LinkedEvent {
  readonly event: 'linked'
  readonly device: string
  readonly name: string
}

export interface StoppedEvent {
  readonly event: 'stopped'
}

/** An event the running device answers a command with. */
export type AnswerEvent =
  | StatusEvent
  | DeviceEvent
  | ContactEvent
  | InviteEvent
  | SentEvent
  | DeliveryEvent
  | MessageEvent
  | LinkStateEvent
  | LinkedEvent
  | StoppedEvent

/** An event that `kith up` and the commands without a running device print themselves. */
export type OwnEvent =
  | { readonly event: 'link-code'; readonly code: string; readonly expiresInMs: number }
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
  | { readonly event: 'paths'; readonly home: string; readonly socket: string }
  | { readonly event: 'version'; readonly version: string; readonly node: string }
  | { readonly event: 'help'; readonly text: string }

/** A text of a message is at most 16 KiB (protocol: content). */
export const TEXT_MAX_BYTES: number = 16 * 1024
/** Entries of a device log end at 4,096 (protocol: device log). */
const DEVICES_MAX = 4096
const RELAYS_MAX = 256
/** Longer than every id: `a` and 52 characters of base32, or a peer id of 52. */
const id = text({ min: 1, max: 64 })
/** Names given here have at most 64 characters; a peer's may be longer. */
const name = text({ max: 256 })
const word = text({ max: 64 })
const reason = text({ max: 1024 })
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
const delivery = { reached: count, of: count, read: flag() } as const

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
    pending: count,
  }),
  device: record({ event: oneOf('device'), ...deviceFields, addedAt: time }),
  contact: record({ event: oneOf('contact'), contact: id, name, verified: flag(), devices: count }),
  invite: record({ event: oneOf('invite'), code }),
  sent: record({ event: oneOf('sent'), message: id, chat: id }),
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
  }),
  'link-state': record({
    event: oneOf('link-state'),
    state: oneOf('waiting', 'seen', 'confirm', 'syncing', 'done', 'failed'),
    percent: optional(uint({ max: 100 })),
    code: optional(word),
    message: optional(reason),
  }),
  linked: record({ event: oneOf('linked'), device: id, name }),
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
