/** The bytes a key stands under on disk: kind, table, then the parts, some of them hidden. */

import {
  compareBytes,
  domainBytes,
  joinBytes,
  KithError,
  type MaybePromise,
} from '@kithmesh/protocol'
import type { StoreKey } from '../platform.ts'
import type { ByteRange } from './backend.ts'
import type { KeyCodec, KeySegment } from './key-codec.ts'
import { allReady, whenReady, withScratch } from './ready.ts'
import { createRecentMap, type RecentMap } from './recent-map.ts'
import type { Range } from './store-types.ts'

/** What a table's name may be; it stands on disk as it is. */
const TABLE_NAME = /^[a-z][a-z0-9 -]{0,31}$/
/** First byte of a stored key. The ledger sorts before every entry. */
const LEDGER = 0x00
const ENTRY = 0x01
const NAME_END = 0x00
/** A hidden part keeps 16 bytes of its keyed hash: two ids of a device never meet by chance. */
export const HIDDEN_BYTES = 16

/** Where the ledger stands. */
export const LEDGER_KEY: Uint8Array = Uint8Array.of(LEDGER)
/** Every entry of every table, and not the ledger. */
export const ALL_ENTRIES: ByteRange = { from: Uint8Array.of(ENTRY) }

/** @throws ERR_MALFORMED */
export function checkTableName(name: string): void {
  if (!TABLE_NAME.test(name)) throw new KithError('ERR_MALFORMED', 'not a name for a table')
}

/** The table a stored key belongs to; undefined when the bytes are none of ours. */
export function tableOfStoredKey(storedKey: Uint8Array): string | undefined {
  const end = storedKey.indexOf(NAME_END, 1)
  if (storedKey[0] !== ENTRY || end < 0) return undefined
  const name = new TextDecoder().decode(storedKey.subarray(1, end))
  return TABLE_NAME.test(name) ? name : undefined
}

/** A key up to its first part, as far as a hidden one goes; undefined when it ends before. */
export function headOfStoredKey(storedKey: Uint8Array): Uint8Array | undefined {
  const end = storedKey.indexOf(NAME_END, 1) + 1 + HIDDEN_BYTES
  return storedKey.length >= end ? storedKey.subarray(0, end) : undefined
}

/** The bytes of a key, or of the beginning of one. */
export function storedKeyBytes(
  table: string,
  segments: readonly KeySegment[],
  storeKey: StoreKey,
): MaybePromise<Uint8Array> {
  const parts = segments.map((segment, at) =>
    segment.hidden ? hide(segment, { table, at }, storeKey) : segment.bytes,
  )
  return whenReady(allReady(parts), (bytes) => joinBytes(tableBytes(table), ...bytes))
}

/** What every stored key of a table begins with. */
export function tableBytes(table: string): Uint8Array {
  const known = starts.get(table)
  if (known) return known
  const name = new TextEncoder().encode(table)
  const start = joinBytes(Uint8Array.of(ENTRY), name, Uint8Array.of(NAME_END))
  starts.set(table, start)
  return start
}

/** By name of a table: a program has some dozens. */
const starts = new Map<string, Uint8Array>()

/** Bytes as the key of a Map. Spread out as arguments one by one they would take six times as long. */
export function textOfBytes(bytes: Uint8Array): string {
  return Reflect.apply(String.fromCharCode, undefined, bytes)
}

/** Which part of which key. */
interface PartPlace {
  readonly table: string
  readonly at: number
}

/** Another hash in every table and place, so that ids cannot be followed from one to another. */
function hide(
  { bytes, text }: KeySegment,
  place: PartPlace,
  storeKey: StoreKey,
): MaybePromise<Uint8Array> {
  if (text === undefined) return hash(bytes, place, storeKey)
  const hidden = hiddenIn(place, storeKey)
  const found = hidden.get(text) ?? hash(bytes, place, storeKey)
  hidden.set(text, found)
  // What failed is not remembered.
  if (found instanceof Promise) found.catch(() => hidden.delete(text))
  return found
}

function hash(
  bytes: Uint8Array,
  { table, at }: PartPlace,
  storeKey: StoreKey,
): MaybePromise<Uint8Array> {
  const before = hiddenStart(table, at)
  const mac = withScratch(before.length + bytes.length, (part) => {
    part.set(before)
    part.set(bytes, before.length)
    return storeKey.mac(part)
  })
  return whenReady(mac, (whole) => whole.slice(0, HIDDEN_BYTES))
}

/** What stands before a part when it is hashed. */
function hiddenStart(table: string, at: number): Uint8Array {
  const ofTable = hiddenStarts.get(table) ?? []
  hiddenStarts.set(table, ofTable)
  const known =
    ofTable[at] ?? domainBytes('store hidden part', tableBytes(table), Uint8Array.of(at))
  ofTable[at] = known
  return known
}

const hiddenStarts = new Map<string, Uint8Array[]>()

type HiddenParts = RecentMap<string, MaybePromise<Uint8Array>>

function hiddenIn({ table, at }: PartPlace, storeKey: StoreKey): HiddenParts {
  const ofStore = hiddenParts.get(storeKey) ?? new Map<string, HiddenParts[]>()
  hiddenParts.set(storeKey, ofStore)
  const ofTable = ofStore.get(table) ?? []
  ofStore.set(table, ofTable)
  const known = ofTable[at] ?? createRecentMap(MAX_HIDDEN_PARTS)
  ofTable[at] = known
  return known
}

/** Hidden parts used last, by store, table and place: hashing them again is a tenth of the work of a commit. */
const hiddenParts = new WeakMap<StoreKey, Map<string, HiddenParts[]>>()
/** Some 200 bytes each, in some twenty places. A page of history is 512 messages. */
const MAX_HIDDEN_PARTS = 1_024

/** Where the entries a range asks for stand. */
export async function storedRange<K>(
  range: Range<K>,
  { table, key, storeKey }: RangeContext<K>,
): Promise<ByteRange> {
  const bytesOf = (part: Parameters<KeyCodec<K>['encode']>[0]): MaybePromise<Uint8Array> =>
    storedKeyBytes(table, key.encode(part), storeKey)
  const start = await storedKeyBytes(
    table,
    range.prefix === undefined ? [] : key.encode(range.prefix),
    storeKey,
  )
  const froms = [start]
  const tos = [afterPrefix(start)]
  if (range.gte !== undefined) froms.push(await bytesOf(range.gte))
  if (range.gt !== undefined) froms.push(afterKey(await bytesOf(range.gt)))
  if (range.lt !== undefined) tos.push(await bytesOf(range.lt))
  if (range.lte !== undefined) tos.push(afterKey(await bytesOf(range.lte)))
  return { from: last(froms), to: first(tos), reverse: range.reverse ?? false }
}

/** Whose range it is. */
export interface RangeContext<K> {
  readonly table: string
  readonly key: KeyCodec<K>
  readonly storeKey: StoreKey
}

/** The first bytes that sort after `key`. */
export function afterKey(key: Uint8Array): Uint8Array {
  return joinBytes(key, Uint8Array.of(0))
}

/** The first bytes that sort after everything that begins with `prefix`; its first byte is ENTRY. */
export function afterPrefix(prefix: Uint8Array): Uint8Array {
  const end = prefix.findLastIndex((byte) => byte !== 0xff) + 1
  const after = prefix.slice(0, end)
  after[end - 1] = (after[end - 1] ?? 0) + 1
  return after
}

function first(bounds: readonly Uint8Array[]): Uint8Array {
  return bounds.reduce((least, bound) => (compareBytes(bound, least) < 0 ? bound : least))
}

function last(bounds: readonly Uint8Array[]): Uint8Array {
  return bounds.reduce((most, bound) => (compareBytes(bound, most) > 0 ? bound : most))
}
