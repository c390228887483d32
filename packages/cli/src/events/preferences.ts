/** Events about chats, labels and settings: part of the contract of events.ts (CLI-1, CLI-2). */

import { flag, list, nullable, oneOf, record, type Shape, text } from '../shape.ts'
import { count, id, name, reason, word } from './bounds.ts'

/** A label, as other events name it. */
interface LabelName {
  readonly label: string
  readonly name: string
}

/** The chat with a contact, as the person arranged it. */
export interface ChatEvent {
  readonly event: 'chat'
  readonly contact: string
  readonly name: string
  readonly archived: boolean
  readonly favourite: boolean
  readonly pinnedAt: string | null
  /** A time, or `always`. */
  readonly mutedUntil: string | null
  readonly labels: readonly LabelName[]
}

export interface LabelEvent extends LabelName {
  readonly event: 'label'
  /** On how many chats and messages it stands. */
  readonly contacts: number
  readonly messages: number
}

/** A label stands on this: one of the two is `null`. */
export interface LabelledEvent extends LabelName {
  readonly event: 'labelled'
  readonly contact: string | null
  readonly message: string | null
}

export interface SettingEvent {
  readonly event: 'setting'
  readonly key: string
  readonly value: string | number | boolean
  readonly kind: 'flag' | 'choice' | 'text'
  readonly expects: string
  readonly choices: readonly string[] | null
  /** Whether somebody set it. */
  readonly isSet: boolean
}

/** Quiet hours as they are now. */
export interface QuietEvent {
  readonly event: 'quiet'
  readonly on: boolean
  readonly favourites: boolean
  readonly timeZone: string
  /** When the quiet that is now ends. */
  readonly until: string | null
}

/** Any of them. */
export type PreferenceEvent = ChatEvent | LabelEvent | LabelledEvent | SettingEvent | QuietEvent

/** A setting holds one scalar; one of text has at most 4,096 units (ACC-7). */
const settingText = text({ max: 16_384 })
const scalar: Shape<string | number | boolean> = {
  parse: (value, path) =>
    typeof value === 'boolean' || typeof value === 'number'
      ? value
      : settingText.parse(value, path),
}

/** How each is read from the running device. */
export const PREFERENCE_SHAPES: {
  readonly [E in PreferenceEvent as E['event']]: Shape<E>
} = {
  chat: record({
    event: oneOf('chat'),
    contact: id,
    name,
    archived: flag(),
    favourite: flag(),
    pinnedAt: nullable(word),
    mutedUntil: nullable(word),
    labels: list(record({ label: word, name }), { max: 256 }),
  }),
  label: record({
    event: oneOf('label'),
    label: word,
    name,
    contacts: count,
    messages: count,
  }),
  labelled: record({
    event: oneOf('labelled'),
    label: word,
    name,
    contact: nullable(id),
    message: nullable(id),
  }),
  setting: record({
    event: oneOf('setting'),
    key: word,
    value: scalar,
    kind: oneOf('flag', 'choice', 'text'),
    expects: reason,
    choices: nullable(list(word, { max: 64 })),
    isSet: flag(),
  }),
  quiet: record({
    event: oneOf('quiet'),
    on: flag(),
    favourites: flag(),
    timeZone: word,
    until: nullable(word),
  }),
}
