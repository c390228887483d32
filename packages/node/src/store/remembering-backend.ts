/**
 * What is asked for over and over while messages come and go is what was just written, and what was never there:
 * the row that a commit replaces, the parents of a content, an id that nobody had yet. A backend that knows both
 * answers without the disk. It is right since every write goes through it, and is begun anew with each opening.
 */

import { compareBytes } from '@kithmesh/protocol'
import type { Backend, ByteRange, ByteWrite } from './backend.ts'
import { createKeyFilter, type KeyFilter } from './key-filter.ts'
import { createRecentMap, type RecentMap } from './recent-map.ts'
import { afterPrefix, headOfStoredKey, textOfBytes } from './stored-key.ts'

/** A backend that knows what is not there once it was told of all that is. */
export interface RememberingBackend extends Backend {
  /** By the count of all entries (STO-30, STO-46). */
  readonly met: Pick<KeyFilter, 'add' | 'complete'>
}

/** Rows that are remembered, of some 400 bytes each: those of the last thousand messages. */
const MAX_ROWS = 8192
/** Larger ones, as sessions are; what is larger still is read again. */
const MAX_ROW_BYTES = 1024
const MAX_LARGE_ROWS = 256
const MAX_LARGE_ROW_BYTES = 16 * 1024
/** A larger batch is history, which nobody asks for next. */
const MAX_BATCH = 256

/** `backend` as it is now, before anything is written to it. */
export function createRememberingBackend(backend: Backend): RememberingBackend {
  const filter = createKeyFilter()
  let rows = createRows()
  let writes = 0

  function learn(key: Uint8Array): void {
    filter.add(key)
    const head = headOfStoredKey(key)
    if (head !== undefined && head.length < key.length) filter.add(head)
  }

  function known(key: Uint8Array): Row | undefined {
    // First what costs less: nearly all that history asks for was never there.
    return filter.mayHave(key) ? rows.get(textOfBytes(key)) : ABSENT
  }

  function remember(key: Uint8Array, value: Uint8Array | undefined): void {
    rows.set(textOfBytes(key), value ? { value } : ABSENT)
  }

  /** What a write has overtaken meanwhile is not remembered: it may be the row before. */
  function rememberRead(key: Uint8Array, value: Uint8Array | undefined, since: number): void {
    if (since === writes) remember(key, value)
  }

  function forgetAll(): void {
    rows = createRows()
  }

  async function get(key: Uint8Array): Promise<Uint8Array | undefined> {
    const row = known(key)
    if (row) return row.value
    const since = writes
    const value = await backend.get(key)
    rememberRead(key, value, since)
    return value
  }

  async function getMany(
    keys: readonly Uint8Array[],
  ): Promise<readonly (Uint8Array | undefined)[]> {
    const found = keys.map(known)
    const asked = keys.filter((_, at) => found[at] === undefined)
    if (asked.length === 0) return found.map((row) => row?.value)
    const since = writes
    const values = await backend.getMany(asked)
    for (const [at, key] of asked.entries()) rememberRead(key, values[at], since)
    let next = 0
    return found.map((row) => (row ? row.value : values[next++]))
  }

  async function write(batch: readonly ByteWrite[]): Promise<void> {
    // Before it is there: a key that may be on the disk is never said to be absent.
    for (const { key, value } of batch) if (value !== undefined) learn(key)
    try {
      await backend.write(batch)
      if (batch.length > MAX_BATCH) for (const { key } of batch) rows.delete(textOfBytes(key))
      else for (const { key, value } of batch) remember(key, value)
    } catch (error) {
      forgetAll()
      throw error
    } finally {
      writes += 1
    }
  }

  /** A range of what hangs on one id, as who has a message, when nothing ever did. */
  function isEmpty({ from, to }: ByteRange): boolean {
    const head = from && headOfStoredKey(from)
    if (head === undefined || to === undefined) return false
    return compareBytes(to, afterPrefix(head)) <= 0 && !filter.mayHave(head)
  }

  return {
    ...(backend.isMended === undefined ? {} : { isMended: backend.isMended }),
    get,
    getMany,
    page: async (range, limit) => (isEmpty(range) ? [] : backend.page(range, limit)),
    keys: async (range, limit) => (isEmpty(range) ? [] : backend.keys(range, limit)),
    write,
    isWritable: () => backend.isWritable(),
    compact: () => backend.compact(),
    close: () => {
      forgetAll()
      return backend.close()
    },
    met: { add: learn, complete: filter.complete },
  }
}

/** A row, or that there is none. */
interface Row {
  readonly value: Uint8Array | undefined
}

const ABSENT: Row = { value: undefined }

/** The rows used last, few of them large. */
function createRows(): RecentMap<string, Row> {
  const small = createRecentMap<string, Row>(MAX_ROWS)
  const large = createRecentMap<string, Row>(MAX_LARGE_ROWS)

  function set(name: string, row: Row): void {
    const size = row.value?.length ?? 0
    const [into, outOf] = size <= MAX_ROW_BYTES ? [small, large] : [large, small]
    outOf.delete(name)
    if (size <= MAX_LARGE_ROW_BYTES) into.set(name, row)
    else into.delete(name)
  }

  function get(name: string): Row | undefined {
    const row = small.get(name) ?? large.get(name)
    // What is used stays.
    if (row) set(name, row)
    return row
  }

  return {
    get,
    set,
    delete: (name) => {
      small.delete(name)
      large.delete(name)
    },
  }
}
