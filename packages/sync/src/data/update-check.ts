/**
 * What is looked at in an update before Yjs sees it. Yjs takes unbounded work from a hostile or
 * broken device: future clocks cost quadratic time, a struct may claim a length of 2^50, and
 * updates whose predecessors are missing are kept without bound (yjs#479, #498, #516, #687).
 * Account data uses a small part of what Yjs can do, so everything outside that part is refused
 * (ACC-8, ACC-9; proof C1, C2, C4).
 */

import { ContentAny, ContentDeleted, decodeUpdate, GC, Item } from 'yjs'
import { isEntry, rootOf } from './field-entries.ts'
import type { UpdateRefusal } from './update-outcome.ts'

/** Ranges of clocks by client id. */
type DeleteSet = ReturnType<typeof decodeUpdate>['ds']

/** Clock by Yjs client id: how many structs of that client are there, or must be. */
export type Clocks = ReadonlyMap<number, number>

/** An update that kept every rule that can be seen on itself. */
export interface CheckedUpdate {
  readonly kind: 'checked'
  readonly bytes: Uint8Array
  readonly structs: readonly Item[]
  /** What it takes away. */
  readonly deletes: DeleteSet
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
/** Decodes an update (encoding version 1) and checks it by itself, without a document. */
export function checkUpdate(bytes: Uint8Array, maxBytes: number): CheckedUpdate | RefusedUpdate {
  if (bytes.length > maxBytes) return refused('ERR_UPDATE_TOO_LARGE')
  const decoded = decodeWhole(bytes)
  if (decoded === undefined) return refused('ERR_UPDATE_MALFORMED')
  const ends = new Map<number, Span>()
  const structs: Item[] = []
  for (const struct of decoded.structs) {
    if (!(struct instanceof Item || struct instanceof GC) || !extendSpan(ends, struct)) {
      return refused('ERR_UPDATE_CLOCK')
    }
    if (!isEntries(struct)) return refused('ERR_UPDATE_CONTENT')
    structs.push(struct)
  }
  const deletes = [...decoded.ds.clients]
  if (!deletes.every(([, ranges]) => areAscending(ranges))) return refused('ERR_UPDATE_CLOCK')
  return { kind: 'checked', bytes, structs, deletes: decoded.ds, needs: needsOf(deletes, ends) }
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
 * Entries at their place: in the list of who wrote them, right behind the writer's entry before
 * (ACC-9). Nothing else is ever written, so no update can name what another device wrote.
 */
function isEntries(struct: Item | GC): struct is Item {
  return struct instanceof Item && isOwnPlace(struct) && isEntryContent(struct.content)
}

/** The first entry of a writer names the root; each later one names the one before it instead. */
function isOwnPlace({ id, origin, rightOrigin, parentSub, ...item }: Item): boolean {
  const parent: unknown = item.parent
  if (rightOrigin !== null || parentSub !== null) return false
  if (id.clock === 0) return origin === null && parent === rootOf(id.client)
  if (origin === null || parent !== null) return false
  return origin.client === id.client && origin.clock === id.clock - 1
}

function isEntryContent(content: Item['content']): boolean {
  if (content instanceof ContentDeleted) return true
  return content instanceof ContentAny && content.arr.length > 0 && content.arr.every(isEntry)
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
  deletes: readonly (readonly [number, readonly DeletedRange[]])[],
  spans: ReadonlyMap<number, Span>,
): Clocks {
  const needs = new Map<number, number>()
  for (const [client, { from }] of spans) if (from > 0) needs.set(client, from)
  for (const [client, ranges] of deletes) {
    const last = ranges.at(-1)
    const end = last === undefined ? 0 : last.clock + last.len
    if (end > (spans.get(client)?.end ?? 0)) needs.set(client, end)
  }
  return needs
}
