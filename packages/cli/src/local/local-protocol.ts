/**
 * What a command asks the running device over its local socket (CLI-11 to CLI-16): one call per
 * connection, one JSON object per line.
 *
 * command → device   {"kith":1,"call":"send","input":{…}}   then, if asked, {"confirmed":true}
 * device → command   {"event":{…}}…  {"confirm":{…}}  {"withdrawn":true}  and last {"end":true} or {"error":{…}}
 */

import { type AnswerEvent, answerEvent } from '../events.ts'
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

/** What a person said: `differ` when the digits on the two screens are not the same. */
export type LinkAnswer = boolean | 'differ'

/** The answer of a person who was asked. */
export const confirmedShape: Shape<{
  readonly confirmed: boolean
  readonly differ?: boolean | undefined
}> = record({ confirmed: flag(), differ: optional(flag()) })

/** The device a person confirms. */
export interface Seen {
  readonly device: string
  readonly name: string
  readonly kind: string
  readonly distance: 'near' | 'far'
  /** Six digits to compare with the other screen. */
  readonly digits: string
}

/** A line of the device: exactly one of its fields is there. */
export interface Answer {
  readonly event?: AnswerEvent | undefined
  readonly confirm?: Seen | undefined
  /** The question is of no use any more; an answer that is on its way is passed over. */
  readonly withdrawn?: boolean | undefined
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
      digits: text({ min: 6, max: 6 }),
    }),
  ),
  withdrawn: optional(flag()),
  end: optional(flag()),
  error: optional(
    record({
      code: text({ min: 1, max: 64 }),
      message: text({ max: 64 * 1024 }),
      hint: nullable(text({ max: 4096 })),
    }),
  ),
})
