/** What a command gives with each call, as types and as the running device reads it (CLI-11 to CLI-16). */

import { TEXT_MAX_BYTES } from '../events/bounds.ts'
import { flag, list, oneOf, optional, record, type Shape, text, uint } from '../shape.ts'

const who = text({ min: 1, max: 256 })
/** Longer than any code, spaces and line breaks included. */
const code = text({ min: 1, max: 8192 })
const name = text({ min: 1, max: 64 })
/** A multiaddr of a relay, or its peer id. */
const address = text({ min: 1, max: 512 })
/** Longer than any that the device takes: it says itself what is wrong with one. */
const passphrase = text({ max: 4096 })
/** Longest timer Node has, in ms. */
const MS_MAX = 2 ** 31 - 1

/** What a command gives with each call. */
interface CallInputs {
  readonly status: Nothing
  readonly devices: Nothing
  readonly 'devices rename': { readonly device: string; readonly name: string }
  readonly contacts: Nothing
  readonly 'contacts invite': { readonly replaces?: string | undefined }
  readonly 'contacts add': {
    readonly code: string
    readonly name?: string | undefined
    readonly replaces?: string | undefined
  }
  readonly 'contacts rename': { readonly contact: string; readonly name: string }
  readonly 'contacts verify': {
    readonly contact: string
    /** What was on the other's screen. */
    readonly scanned?: string | undefined
  }
  readonly 'contacts unverify': { readonly contact: string }
  readonly 'contacts accept': { readonly contact: string }
  readonly 'contacts replace': { readonly contact: string; readonly by: string }
  readonly code: { readonly contact: string }
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
  readonly read: { readonly contact: string; readonly upTo?: string | undefined }
  readonly star: { readonly message: string }
  readonly unstar: { readonly message: string }
  readonly starred: Nothing
  readonly chats: Nothing
  readonly 'chats edit': {
    readonly contact: string
    readonly archived?: boolean | undefined
    readonly favourite?: boolean | undefined
    readonly pinned?: boolean | undefined
    /** ms since 1970 UTC; `never`: not muted. */
    readonly mutedUntil?: number | 'always' | 'never' | undefined
  }
  readonly labels: Nothing
  readonly 'labels add': { readonly name: string }
  readonly 'labels rename': { readonly label: string; readonly name: string }
  readonly 'labels remove': { readonly label: string }
  /** `on`: a contact or a message. */
  readonly 'labels put': { readonly label: string; readonly on: string }
  readonly 'labels take': { readonly label: string; readonly on: string }
  readonly 'labels show': { readonly label: string }
  readonly settings: Nothing
  readonly 'settings get': { readonly key: string }
  readonly 'settings set': { readonly key: string; readonly value: string }
  readonly 'settings reset': { readonly key: string }
  readonly 'settings quiet': Nothing
  readonly relays: Nothing
  readonly 'relay add': { readonly address: string }
  readonly 'relay remove': { readonly address: string }
  readonly 'relay claim': { readonly code: string }
  readonly 'relay usage': { readonly address?: string | undefined }
  readonly link: {
    readonly code: string
    readonly far: boolean
  } & LinkTerms
  readonly 'link show': { readonly far: boolean } & LinkTerms
  readonly 'link nearby': { readonly device: string } & LinkTerms
  readonly nearby: {
    /** How long to look, and for others once one is found. */
    readonly lookMs: number
    readonly othersMs: number
    /** With this one found it is enough. */
    readonly device?: string | undefined
  }
  readonly 'devices approve': { readonly device: string }
  /** Without days all of it, 0: none of before. */
  readonly 'devices history': { readonly device: string; readonly days?: number | undefined }
  readonly history: {
    readonly digest: boolean
    /** ms since 1970 UTC */
    readonly since?: number | undefined
  }
  readonly 'devices unlink': { readonly device: string }
  readonly 'devices suspend': { readonly device: string }
  readonly 'devices readmit': { readonly device: string }
  readonly 'devices leave': Nothing
  readonly 'devices alerts': Nothing
  readonly recovery: Nothing
  readonly 'recovery show': Nothing
  readonly 'recovery challenge': Nothing
  readonly 'recovery copies': { readonly on?: boolean | undefined }
  readonly 'recovery confirm': {
    readonly answers: readonly { readonly place: number; readonly word: string }[]
  }
  readonly lock: Nothing
  readonly 'lock set': { readonly passphrase: string }
  readonly 'lock change': { readonly old: string; readonly passphrase: string }
  readonly 'lock remove': { readonly passphrase: string }
  /** 0: never */
  readonly 'lock auto': { readonly minutes: number }
  /** Without a passphrase: take it out of the keyring. */
  readonly 'lock keyring': { readonly passphrase?: string | undefined }
  readonly unlock: { readonly passphrase: string }
  readonly 'log export': Nothing
  readonly stop: Nothing
}

/** For how long a device is linked, and how far back it gets messages. */
interface LinkTerms {
  readonly hours?: number | undefined
  /** Without days all of them, 0: none of before. */
  readonly days?: number | undefined
}

type Nothing = Readonly<Record<never, never>>
export type CallName = keyof CallInputs
/** What a command gives with a call. */
export type CallInput<N extends CallName> = CallInputs[N]

const nothing = record({})
/** A session ends after at most 30 days (protocol: linking). */
const hours = optional(uint({ min: 1, max: 720 }))
/** A hundred years of history (HIS-8). */
const days = optional(uint({ max: 36_500 }))

/** A time, or one of two words. */
const mutedUntil: Shape<number | 'always' | 'never'> = {
  parse: (value, path) =>
    typeof value === 'number'
      ? uint({ max: 8_640_000_000_000_000 }).parse(value, path)
      : oneOf('always', 'never').parse(value, path),
}

/** The input of each call, as the running device reads it. */
export const CALLS: { readonly [N in CallName]: Shape<CallInput<N>> } = {
  status: nothing,
  devices: nothing,
  'devices rename': record({ device: who, name }),
  contacts: nothing,
  'contacts invite': record({ replaces: optional(who) }),
  'contacts add': record({ code, name: optional(name), replaces: optional(who) }),
  'contacts rename': record({ contact: who, name }),
  'contacts verify': record({ contact: who, scanned: optional(code) }),
  'contacts unverify': record({ contact: who }),
  'contacts accept': record({ contact: who }),
  'contacts replace': record({ contact: who, by: who }),
  code: record({ contact: who }),
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
  read: record({ contact: who, upTo: optional(who) }),
  star: record({ message: who }),
  unstar: record({ message: who }),
  starred: nothing,
  chats: nothing,
  'chats edit': record({
    contact: who,
    archived: optional(flag()),
    favourite: optional(flag()),
    pinned: optional(flag()),
    mutedUntil: optional(mutedUntil),
  }),
  labels: nothing,
  'labels add': record({ name }),
  'labels rename': record({ label: who, name }),
  'labels remove': record({ label: who }),
  'labels put': record({ label: who, on: who }),
  'labels take': record({ label: who, on: who }),
  'labels show': record({ label: who }),
  settings: nothing,
  'settings get': record({ key: who }),
  'settings set': record({ key: who, value: text({ max: 4096 }) }),
  'settings reset': record({ key: who }),
  'settings quiet': nothing,
  relays: nothing,
  'relay add': record({ address }),
  'relay remove': record({ address }),
  'relay claim': record({ code }),
  'relay usage': record({ address: optional(address) }),
  link: record({ code, far: flag(), hours, days }),
  'link show': record({ far: flag(), hours, days }),
  'link nearby': record({ device: who, hours, days }),
  nearby: record({
    lookMs: uint({ min: 1, max: MS_MAX }),
    othersMs: uint({ min: 1, max: MS_MAX }),
    device: optional(who),
  }),
  'devices approve': record({ device: who }),
  'devices history': record({ device: who, days }),
  history: record({ digest: flag(), since: optional(uint({ max: Number.MAX_SAFE_INTEGER })) }),
  'devices unlink': record({ device: who }),
  'devices suspend': record({ device: who }),
  'devices readmit': record({ device: who }),
  'devices leave': nothing,
  'devices alerts': nothing,
  recovery: nothing,
  'recovery show': nothing,
  'recovery challenge': nothing,
  'recovery copies': record({ on: optional(flag()) }),
  'recovery confirm': record({
    answers: list(record({ place: uint({ min: 1, max: 12 }), word: text({ max: 64 }) }), {
      max: 12,
    }),
  }),
  lock: nothing,
  'lock set': record({ passphrase }),
  'lock change': record({ old: passphrase, passphrase }),
  'lock remove': record({ passphrase }),
  'lock auto': record({ minutes: uint({ max: 7 * 24 * 60 }) }),
  'lock keyring': record({ passphrase: optional(passphrase) }),
  unlock: record({ passphrase }),
  'log export': nothing,
  stop: nothing,
}
