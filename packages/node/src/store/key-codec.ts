/**
 * From keys to bytes that sort as the keys do. A key is a tuple of parts; each part ends itself, so
 * that a prefix of the tuple is a prefix of the bytes (STO-3).
 */

import { joinBytes, KithError } from '@kithmesh/protocol'

/** A part of an encoded key. */
export interface KeySegment {
  readonly bytes: Uint8Array
  /** Stands on disk as its keyed hash (STO-23). */
  readonly hidden: boolean
  /** Of a hidden part: its text, by which its hash is known again. */
  readonly text?: string
}

/** One part of a key: how it becomes bytes and back. */
export interface KeyPart<T> {
  readonly hidden: boolean
  encode(value: T): Uint8Array
  /** Reads the part at `at`; says where the next begins. */
  decode(bytes: Uint8Array, at: number): { readonly value: T; readonly next: number }
}

/** Keys of a table. Made by {@link tupleKey} and {@link singleKey}. */
export interface KeyCodec<K> {
  /** The parts of a key, or of the beginning of one. @throws ERR_MALFORMED */
  encode(key: K | KeyPrefix<K>): readonly KeySegment[]
  /** @throws ERR_MALFORMED */
  decode(bytes: Uint8Array): K
  /** Its parts one after the other, and the key that values of them make. */
  readonly parts: readonly KeyPart<unknown>[]
  of(values: readonly unknown[]): K
}

/** The beginnings of a tuple key; a single key has none. */
export type KeyPrefix<K> = K extends readonly [infer First, ...infer Rest]
  ? readonly [] | readonly [First, ...KeyPrefix<Rest>]
  : readonly []

/**
 * A key of several parts, in their order.
 *
 * @example
 * ```ts
 * const key = tupleKey(idPart(parseChatId), uintPart())
 * messages.entries({ prefix: [chat], reverse: true, limit: 50 })
 * ```
 */
export function tupleKey<const K extends readonly unknown[]>(
  ...parts: { readonly [I in keyof K]: KeyPart<K[I]> }
): KeyCodec<K> {
  const list = parts as readonly KeyPart<unknown>[]
  return {
    encode: (key) => (key as readonly unknown[]).map((value, at) => segment(list[at], value)),
    decode: (bytes) => decodeParts(list, bytes) as unknown as K,
    parts: list,
    of: (values) => values as unknown as K,
  }
}

/** A key of one part, written without the brackets of a tuple. */
export function singleKey<T>(part: KeyPart<T>): KeyCodec<T> {
  const parts = [part as KeyPart<unknown>]
  return {
    // An array is the empty prefix: no part is one.
    encode: (key) => (Array.isArray(key) ? [] : [segment(parts[0], key)]),
    decode: (bytes) => decodeParts(parts, bytes)[0] as T,
    parts,
    of: (values) => values[0] as T,
  }
}

function segment(part: KeyPart<unknown> | undefined, value: unknown): KeySegment {
  if (part === undefined) throw malformed('has too many parts')
  const bytes = part.encode(value)
  return part.hidden && typeof value === 'string'
    ? { bytes, hidden: true, text: value }
    : { bytes, hidden: part.hidden }
}

/** The values of the parts of a key. @throws ERR_MALFORMED */
export function decodeParts(
  parts: readonly KeyPart<unknown>[],
  bytes: Uint8Array,
): readonly unknown[] {
  let at = 0
  const values = parts.map((part) => {
    const { value, next } = part.decode(bytes, at)
    at = next
    return value
  })
  if (at !== bytes.length) throw malformed('has trailing bytes')
  return values
}

/** Text, sorted by code point. Stands on disk as it is: for words of ours, not for ids of people. */
export function textPart<T extends string = string>(
  parse: (text: string) => T = (text) => text as T,
): KeyPart<T> {
  return { hidden: false, encode: encodeText, decode: (bytes, at) => decodeText(bytes, at, parse) }
}

/**
 * An id, read back by its `parse` function. Stands on disk as a keyed hash (STO-23), so that a disk
 * alone does not tell who talks to whom; entries are found by it, alone or in a prefix, but come in
 * no meaningful order of it.
 */
export function idPart<T extends string>(parse: (text: string) => T): KeyPart<T> {
  return { hidden: true, encode: encodeText, decode: (bytes, at) => decodeText(bytes, at, parse) }
}

/** A whole number from 0 to 2^53 − 1, sorted by size. */
export function uintPart(): KeyPart<number> {
  return { hidden: false, encode: encodeUint, decode: decodeUint }
}

/** Ends a text, so no text holds it: with an escape, the end of one text would begin another. */
const END = 0x00
/** Longest text part in bytes: ids are at most 59, and a key stands in every value and in RAM. */
const MAX_TEXT_BYTES = 512
const UINT_BYTES = 8

function encodeText(text: string): Uint8Array {
  if (typeof text !== 'string' || !text.isWellFormed()) throw malformed('is not well-formed text')
  const ended = endedAscii(text) ?? joinBytes(utf8Encoder.encode(text), Uint8Array.of(END))
  if (ended.length > MAX_TEXT_BYTES + 1) throw malformed(`is over ${MAX_TEXT_BYTES} bytes`)
  if (ended.indexOf(END) < ended.length - 1) throw malformed('holds the character that ends a text')
  return ended
}

/** Ids are ASCII. Letter by letter takes a quarter of what it takes to ask the system for 60 of them. */
function endedAscii(text: string): Uint8Array | undefined {
  const bytes = new Uint8Array(text.length + 1)
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code > 0x7f) return undefined
    bytes[at] = code
  }
  return bytes
}

const utf8Encoder = new TextEncoder()

function decodeText<T extends string>(
  bytes: Uint8Array,
  at: number,
  parse: (text: string) => T,
): { value: T; next: number } {
  const end = bytes.indexOf(END, at)
  if (end === -1) throw malformed('ends too early')
  return { value: parse(decodeUtf8(bytes.subarray(at, end))), next: end + 1 }
}

function decodeUtf8(utf8: Uint8Array): string {
  try {
    return utf8Decoder.decode(utf8)
  } catch (cause) {
    throw new KithError('ERR_MALFORMED', 'a stored key is not UTF-8', { cause })
  }
}

const utf8Decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

function encodeUint(value: number): Uint8Array {
  if (!Number.isSafeInteger(value) || value < 0) throw malformed('is not a whole number from 0')
  const bytes = new Uint8Array(UINT_BYTES)
  writeUint64(bytes, 0, value)
  return bytes
}

/** Eight bytes, the highest first. Without a BigInt, which would be made for each of them. */
export function writeUint64(bytes: Uint8Array, at: number, value: number): void {
  let high = Math.floor(value / 2 ** 32)
  let low = value % 2 ** 32
  for (let place = 3; place >= 0; place--) {
    bytes[at + place] = high & 0xff
    bytes[at + place + 4] = low & 0xff
    high >>>= 8
    low >>>= 8
  }
}

function decodeUint(bytes: Uint8Array, at: number): { value: number; next: number } {
  const next = at + UINT_BYTES
  if (next > bytes.length) throw malformed('ends too early')
  const view = new DataView(bytes.buffer, bytes.byteOffset + at, UINT_BYTES)
  const value = view.getUint32(0) * 2 ** 32 + view.getUint32(4)
  if (!Number.isSafeInteger(value)) throw malformed('is not a whole number from 0')
  return { value, next }
}

/** The bytes of a key before any part of it is hidden. */
export function plainKeyBytes(segments: readonly KeySegment[]): Uint8Array {
  return joinBytes(...segments.map(({ bytes }) => bytes))
}

/** Says no text of the key: it may be an id of somebody else. */
function malformed(problem: string): KithError {
  return new KithError('ERR_MALFORMED', `a part of a stored key ${problem}`)
}
