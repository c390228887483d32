import { type Codec, isKithError, KithError, type MaybePromise } from '@kithmesh/protocol'
import type { StoreKey } from '../platform.ts'
import type { Backend, ByteEntry } from './backend.ts'
import type { KeyCodec } from './key-codec.ts'
import { allReady, whenReady } from './ready.ts'
import type { Op, Range, ReadOptions, Table } from './store-types.ts'
import { afterKey, storedKeyBytes, storedRange } from './stored-key.ts'
import { createStoredKeyReader } from './stored-key-reader.ts'
import { openValue } from './value-seal.ts'

/** What a table is made of. */
export interface TableParts<K, V> {
  readonly name: string
  readonly key: KeyCodec<K>
  readonly value: Codec<V>
  readonly storeKey: StoreKey
  /** The backend as it is now: another one after a failed write. */
  backend(): Promise<Backend>
}

/** Entries read at a time. */
const PAGE_ENTRIES = 64
/** Keys read at a time: they are small. */
const PAGE_KEYS = 1024

/** A typed view of the entries that bear the table's name. */
export function createTable<K, V>(parts: TableParts<K, V>): Table<K, V> {
  const { name, key: keyCodec, value: valueCodec } = parts
  const opOf = (key: K): Pick<Op, 'table' | 'target'> => ({
    table: name,
    target: { kind: 'key', segments: keyCodec.encode(key) },
  })
  return {
    name,
    get: async (key, { signal } = {}) => (await getValues(parts, [key], signal))[0],
    getMany: (keys, { signal } = {}) => getValues(parts, keys, signal),
    keys: (range = {}, { signal } = {}) => readKeys(parts, range, signal),
    entries: (range = {}, options = {}) => readEntries(parts, range, options),
    put: (key, value) => ({ ...opOf(key), value: valueCodec.encode(value) }),
    delete: (key) => opOf(key),
  }
}

async function getValues<K, V>(
  parts: TableParts<K, V>,
  keys: readonly K[],
  signal: AbortSignal | undefined,
): Promise<readonly (V | undefined)[]> {
  signal?.throwIfAborted()
  if (keys.length === 0) return []
  const storedKeys = await allReady(
    keys.map((key) => storedKeyBytes(parts.name, parts.key.encode(key), parts.storeKey)),
  )
  const stored = await reading(parts, (backend) => readStored(backend, storedKeys))
  return allReady(storedKeys.map((key, at) => openValueAt(parts, key, stored[at])))
}

/** One key is asked for alone: LevelDB then needs no snapshot. */
async function readStored(
  backend: Backend,
  keys: readonly Uint8Array[],
): Promise<readonly (Uint8Array | undefined)[]> {
  const [only, ...others] = keys
  if (only === undefined) return []
  return others.length === 0 ? [await backend.get(only)] : backend.getMany(keys)
}

function openValueAt<K, V>(
  parts: TableParts<K, V>,
  storedKey: Uint8Array,
  stored: Uint8Array | undefined,
): MaybePromise<V | undefined> {
  if (stored === undefined) return undefined
  return whenReady(openValue(stored, storedKey, parts.storeKey), (opened) => {
    // The key was asked for, and the value is bound to it (STO-22): nobody has to read it.
    if (opened !== undefined) return parts.value.decode(opened.value)
    throw new KithError('ERR_STORE_CORRUPT', `a value of table ${parts.name} is damaged`)
  })
}

async function* readEntries<K, V>(
  parts: TableParts<K, V>,
  range: Range<K>,
  { signal, onCorrupt }: ReadOptions,
): AsyncIterable<readonly [K, V]> {
  let left = range.limit ?? Number.POSITIVE_INFINITY
  for await (const entry of storedEntries(parts, range, signal)) {
    if (left <= 0) return
    const opened = await openEntry(parts, entry)
    if (opened === undefined) onCorrupt?.({ table: parts.name, drop: dropOp(parts.name, entry[0]) })
    else {
      left -= 1
      yield opened
    }
    if (left <= 0) return
  }
}

/** Page after page, each from behind the last: nothing stays open between, so the store may reopen. */
async function* storedEntries<K, V>(
  parts: TableParts<K, V>,
  range: Range<K>,
  signal: AbortSignal | undefined,
): AsyncIterable<ByteEntry> {
  const limit = Math.min(PAGE_ENTRIES, range.limit ?? PAGE_ENTRIES)
  let bytes = await storedRange(range, { ...parts, table: parts.name })
  while (limit > 0) {
    signal?.throwIfAborted()
    const page = await reading(parts, (backend) => backend.page(bytes, limit))
    const end = page.at(-1)
    if (end === undefined) return
    yield* page
    bytes = bytes.reverse ? { ...bytes, to: end[0] } : { ...bytes, from: afterKey(end[0]) }
  }
}

async function* readKeys<K, V>(
  parts: TableParts<K, V>,
  { limit = Number.POSITIVE_INFINITY, ...range }: Range<K>,
  signal: AbortSignal | undefined,
): AsyncIterable<K> {
  const reader = createStoredKeyReader(parts.name, parts.key)
  let left = limit
  let bytes = await storedRange(range, { ...parts, table: parts.name })
  while (left > 0) {
    signal?.throwIfAborted()
    const page = await reading(parts, (backend) => backend.keys(bytes, Math.min(left, PAGE_KEYS)))
    const end = page.at(-1)
    if (end === undefined) return
    for (const storedKey of page) {
      const key = reader.read(storedKey) ?? (await readWholeKey(parts, storedKey, reader))
      if (key === undefined) continue
      left -= 1
      yield key
    }
    bytes = bytes.reverse ? { ...bytes, to: end } : { ...bytes, from: afterKey(end) }
  }
}

/** Undefined when it went meanwhile, or does not open: nobody can tell what its key is. */
async function readWholeKey<K, V>(
  parts: TableParts<K, V>,
  storedKey: Uint8Array,
  reader: { learn(storedKey: Uint8Array, plainKey: Uint8Array): K },
): Promise<K | undefined> {
  const stored = await reading(parts, (backend) => backend.get(storedKey))
  const opened = stored && (await openValue(stored, storedKey, parts.storeKey))
  return opened && reader.learn(storedKey, opened.plainKey)
}

function openEntry<K, V>(
  parts: TableParts<K, V>,
  [storedKey, stored]: ByteEntry,
): MaybePromise<readonly [K, V] | undefined> {
  return whenReady(
    openValue(stored, storedKey, parts.storeKey),
    (opened) => opened && [parts.key.decode(opened.plainKey), parts.value.decode(opened.value)],
  )
}

/** Deletes whatever stands under these bytes. */
export function dropOp(table: string, storedKey: Uint8Array): Op {
  return { table, target: { kind: 'stored', storedKey } }
}

/** Reads, once more when the store was opened anew below the first attempt. */
async function reading<T>(
  parts: { backend(): Promise<Backend> },
  read: (backend: Backend) => Promise<T>,
): Promise<T> {
  try {
    const backend = await parts.backend()
    try {
      return await read(backend)
    } catch (error) {
      const now = await parts.backend()
      if (now === backend) throw error
      return await read(now)
    }
  } catch (cause) {
    if (isKithError(cause, 'ERR_STORE_CORRUPT') || isKithError(cause, 'ERR_STORE_CLOSED'))
      throw cause
    throw new KithError('ERR_STORE_READ', 'the store could not be read', { cause })
  }
}
