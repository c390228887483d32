/**
 * What is looked at in an update before Yjs sees it. Yjs takes unbounded work from a hostile or
 * broken device: future clocks cost quadratic time, a struct may claim a length of 2^50, and
 * updates whose predecessors are missing are kept without bound (yjs#479, #498, #516, #687).
 * Account data uses a small part of what Yjs can do, so everything outside that part is refused
 * (ACC-8, ACC-9; proof C1, C2, C4).
 */

import { ContentAny, ContentBinary, ContentDeleted, decodeUpdate, GC, Item } from 'yjs'
import type { UpdateRefusal } from './update-outcome.ts'

/** Clock by Yjs client id: how many structs of that client are there, or must be. */
export type Clocks = ReadonlyMap<number, number>

/** An update that kept every rule that can be seen on itself. */
export interface CheckedUpdate {
  readonly kind: 'checked'
  readonly bytes: Uint8Array
  readonly structs: readonly (Item | GC)[]
  /** What the document must hold before this update can be applied. */
  readonly needs: Clocks
}

/** An update that broke one. */
export interface RefusedUpdate {
  readonly kind: 'refused'
  readonly code: UpdateRefusal
}

/**
 * Largest clock of one client id. A client id lives as long as one process, 2^24 edits are days
 * of typing.
 */
export const MAX_CLOCK: number = 2 ** 24
/** Largest client id: Yjs draws 32 random bits. */
export const MAX_CLIENT: number = 2 ** 32 - 1
/** Longest text in one field, in UTF-16 units. */
const MAX_FIELD_TEXT = 4096
/** Longest byte string in one field. */
const MAX_FIELD_BYTES = 65_536

/** What stands in one field: one value, replaced as a whole. */
export type FieldValue = string | number | boolean | Uint8Array

const FIELD_KEY = /^[A-Za-z0-9.~-]{1,96}\/[A-Za-z0-9]{1,32}$/
const ROOT_NAME = /^[a-z]{1,32}$/

/**
 * Whether a key may stand in account data: `<row id>/<field>`, neither named as a property of
 * objects (C4).
 */
export function isFieldKey(key: string): boolean {
  return FIELD_KEY.test(key) && key.split('/').every((part) => !(part in Object.prototype))
}

/** Whether a value may stand in a field: one scalar or byte string, nothing that nests. */
export function isFieldValue(value: unknown): value is FieldValue {
  if (typeof value === 'string') return value.length <= MAX_FIELD_TEXT && value.isWellFormed()
  if (value instanceof Uint8Array) return value.length <= MAX_FIELD_BYTES
  return typeof value === 'boolean' || Number.isFinite(value)
}

/** Decodes an update (encoding version 1) and checks it by itself, without a document. */
export function checkUpdate(bytes: Uint8Array, maxBytes: number): CheckedUpdate | RefusedUpdate {
  if (bytes.length > maxBytes) return refused('ERR_UPDATE_TOO_LARGE')
  const decoded = decodeWhole(bytes)
  if (decoded === undefined) return refused('ERR_UPDATE_MALFORMED')
  const ends = new Map<number, Span>()
  const structs: (Item | GC)[] = []
  for (const struct of decoded.structs) {
    if (!(struct instanceof Item || struct instanceof GC) || !extendSpan(ends, struct)) {
      return refused('ERR_UPDATE_CLOCK')
    }
    if (struct instanceof Item && !isFieldItem(struct)) return refused('ERR_UPDATE_CONTENT')
    structs.push(struct)
  }
  const deletes = [...decoded.ds.clients]
  if (!deletes.every(([, ranges]) => areAscending(ranges))) return refused('ERR_UPDATE_CLOCK')
  return { kind: 'checked', bytes, structs, needs: needsOf(structs, deletes, ends) }
}

/** First and one past the last clock of a client's structs in one update. */
interface Span {
  readonly from: number
  readonly end: number
}

interface DeletedRange {
  readonly clock: number
  readonly len: number
}

function refused(code: UpdateRefusal): RefusedUpdate {
  return { kind: 'refused', code }
}

/**
 * Yjs does not look whether anything follows an update, so that one in encoding version 2 reads
 * as an empty one of version 1. Without its last byte a whole update cannot be read; one that can
 * had a byte too many.
 */
function decodeWhole(bytes: Uint8Array): ReturnType<typeof decodeUpdate> | undefined {
  const decoded = decodeOrNothing(bytes)
  return decodeOrNothing(bytes.subarray(0, -1)) === undefined ? decoded : undefined
}

/**
 * lib0 throws plain errors, range errors and, on deep nesting, stack overflows; all mean the
 * same.
 */
function decodeOrNothing(bytes: Uint8Array): ReturnType<typeof decodeUpdate> | undefined {
  try {
    return decodeUpdate(bytes)
  } catch {
    return undefined
  }
}

/**
 * Structs of one client follow each other without gaps; a client that comes twice looks like a
 * gap too.
 */
function extendSpan(spans: Map<number, Span>, struct: Item | GC): boolean {
  const { client, clock } = struct.id
  const span = spans.get(client)
  const end = clock + struct.length
  if (client > MAX_CLIENT || struct.length < 1 || end > MAX_CLOCK) return false
  if (span !== undefined && span.end !== clock) return false
  spans.set(client, { from: span?.from ?? clock, end })
  return true
}

/**
 * A field of a row: a map entry of a root, holding one value; nothing else is ever written
 * (ACC-9).
 */
function isFieldItem(item: Item): boolean {
  if (item.rightOrigin !== null) return false
  return isFieldPlace(item) && isFieldContent(item.content)
}

/** The first value of a key names root and key; a later one names the value it replaces instead. */
function isFieldPlace({ id, origin, parent, parentSub }: Item): boolean {
  if (origin !== null) {
    const isEarlier = origin.client !== id.client || origin.clock < id.clock
    return isEarlier && origin.clock < MAX_CLOCK && parent === null && parentSub === null
  }
  if (typeof parent !== 'string' || parentSub === null) return false
  return ROOT_NAME.test(parent) && !(parent in Object.prototype) && isFieldKey(parentSub)
}

function isFieldContent(content: Item['content']): boolean {
  if (content instanceof ContentDeleted) return true
  if (content instanceof ContentBinary) return isFieldValue(content.content)
  return content instanceof ContentAny && content.arr.length === 1 && isFieldValue(content.arr[0])
}

/**
 * Yjs writes deleted ranges sorted and merged; overlapping ones would be walked again and again
 * (C2).
 */
function areAscending(ranges: readonly DeletedRange[]): boolean {
  let end = 0
  return ranges.every(({ clock, len }) => {
    const sound = clock >= end && len >= 1 && clock + len <= MAX_CLOCK
    end = clock + len
    return sound
  })
}

function needsOf(
  structs: readonly (Item | GC)[],
  deletes: readonly (readonly [number, readonly DeletedRange[]])[],
  spans: ReadonlyMap<number, Span>,
): Clocks {
  const needs = new Map<number, number>()
  for (const [client, { from }] of spans) if (from > 0) needs.set(client, from)
  const need = (client: number, clock: number): void => {
    const span = spans.get(client)
    if (span !== undefined && clock <= span.end) return
    needs.set(client, Math.max(needs.get(client) ?? 0, clock))
  }
  for (const struct of structs) {
    if (struct instanceof Item && struct.origin !== null) {
      need(struct.origin.client, struct.origin.clock + 1)
    }
  }
  for (const [client, ranges] of deletes) {
    const last = ranges.at(-1)
    if (last !== undefined) need(client, last.clock + last.len)
  }
  return needs
}
