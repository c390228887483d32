/** Events about linking, and the history a new device gets: part of the contract of events.ts (CLI-1, CLI-2). */

import { flag, nullable, oneOf, optional, record, type Shape, text, uint } from '../shape.ts'
import { code, count, id, name, reason, time, word } from './bounds.ts'

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

/** Any of them that answers a command. */
export type LinkingEvent = LinkStateEvent | LinkCodeEvent | HistoryEvent | NearbyEvent | LinkedEvent

/** How each is read from the running device. */
export const LINKING_SHAPES: {
  readonly [E in LinkingEvent as E['event']]: Shape<E>
} = {
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
}
