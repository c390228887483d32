/**
 * What a command asks the running device over its local socket (CLI-11 to CLI-16): one call per
 * connection, one JSON object per line.
 *
 * command → device   {"kith":1,"call":"send","input":{…}}   then, if asked, {"confirmed":true}
 * device → command   {"event":{…}}…  {"confirm":{…}}  and last {"end":true} or {"error":{…}}
 */

import { type AnswerEvent, answerEvent, TEXT_MAX_BYTES } from '../events.ts'
import {
  flag,
  nullable,
  oneOf,
  optional,
  record,
  recordOfUnknown,
  type Shape,
  text,
  uint,
} from '../shape.ts'

/** Major version of this protocol: both ends speak the same one or say so (CLI-12). */
export const LOCAL_VERSION = 1

/** Bounds of the local socket; a test may make them smaller. */
export interface LocalLimits {
  readonly requestBytes: number
  readonly answerBytes: number
  readonly requestMs: number
  readonly connections: number
  readonly closeMs: number
  readonly followed: number
}

export const LOCAL_LIMITS: LocalLimits = {
  /** A text of 16 KiB in which JSON escapes every byte in six characters, and room for the rest. */
  requestBytes: 128 * 1024,
  /** A status of 4,096 devices. */
  answerBytes: 4 * 1024 * 1024,
  /** The request of a command that runs here comes at once. */
  requestMs: 5_000,
  /** Commands of one person on one machine, followers included. */
  connections: 64,
  /** What a stopping device waits for commands to take their last line. */
  closeMs: 2_000,
  /** Messages kept for a follower that reads more slowly than they come. */
  followed: 1_000,
}

const who = text({ min: 1, max: 256 })
/** Longer than any code, spaces and line breaks included. */
const code = text({ min: 1, max: 8192 })
const name = text({ min: 1, max: 64 })
/** Longest timer Node has, in ms. */
const MS_MAX = 2 ** 31 - 1

/** What a command gives with each call. */
interface CallInputs {
  readonly status: Nothing
  readonly devices: Nothing
  readonly 'devices rename': { readonly device: string; readonly name: string }
  readonly contacts: Nothing
  readonly 'contacts invite': Nothing
  readonly 'contacts add': { readonly code: string; readonly name?: string | undefined }
  readonly 'contacts rename': { readonly contact: string; readonly name: string }
  readonly send: {
    readonly contact: string
    readonly text: string
    readonly wait: 'none' | 'reached' | 'all'
    readonly timeoutMs: number
  }
  readonly messages: {
    readonly contact: string
    /** Only the newest so many. */
    readonly limit?: number | undefined
    readonly follow: boolean
  }
  readonly star: { readonly message: string }
  readonly unstar: { readonly message: string }
  readonly starred: Nothing
  readonly link: { readonly code: string; readonly far: boolean }
  readonly stop: Nothing
}

type Nothing = Readonly<Record<never, never>>
export type CallName = keyof CallInputs
/** What a command gives with a call. */
export type CallInput<N extends CallName> = CallInputs[N]

const nothing = record({})

/** The input of each call, as the running device reads it. */
export const CALLS: { readonly [N in CallName]: Shape<CallInput<N>> } = {
  status: nothing,
  devices: nothing,
  'devices rename': record({ device: who, name }),
  contacts: nothing,
  'contacts invite': nothing,
  'contacts add': record({ code, name: optional(name) }),
  'contacts rename': record({ contact: who, name }),
  send: record({
    contact: who,
    text: text({ min: 1, max: TEXT_MAX_BYTES }),
    wait: oneOf('none', 'reached', 'all'),
    timeoutMs: uint({ min: 1, max: MS_MAX }),
  }),
  messages: record({
    contact: who,
    limit: optional(uint({ min: 1, max: 1_000_000 })),
    follow: flag(),
  }),
  star: record({ message: who }),
  unstar: record({ message: who }),
  starred: nothing,
  link: record({ code, far: flag() }),
  stop: nothing,
}

/** The first line of a connection. */
export interface Request {
  readonly kith: number
  readonly call: string
  readonly input: Readonly<Record<string, unknown>>
}

const input: Shape<Readonly<Record<string, unknown>>> = { parse: recordOfUnknown }

/** Reads {@link Request}; the call's own shape reads its input. */
export const requestShape: Shape<Request> = record({
  kith: uint({ max: 1_000_000 }),
  call: text({ min: 1, max: 64 }),
  input,
})

/** The answer of a person who was asked. */
export const confirmedShape: Shape<{ readonly confirmed: boolean }> = record({ confirmed: flag() })

/** The device a person confirms. */
export interface Seen {
  readonly device: string
  readonly name: string
  readonly kind: string
  readonly distance: 'near' | 'far'
}

/** A line of the device: exactly one of its fields is there. */
export interface Answer {
  readonly event?: AnswerEvent | undefined
  readonly confirm?: Seen | undefined
  readonly end?: boolean | undefined
  readonly error?: Failed | undefined
}

/** The error a call ended with. */
interface Failed {
  readonly code: string
  readonly message: string
  readonly hint: string | null
}

export const answerShape: Shape<Answer> = record({
  event: optional(answerEvent),
  confirm: optional(
    record({
      device: text({ min: 1, max: 64 }),
      name: text({ max: 256 }),
      kind: text({ max: 64 }),
      distance: oneOf('near', 'far'),
    }),
  ),
  end: optional(flag()),
  error: optional(
    record({
      code: text({ min: 1, max: 64 }),
      message: text({ max: 64 * 1024 }),
      hint: nullable(text({ max: 4096 })),
    }),
  ),
})
