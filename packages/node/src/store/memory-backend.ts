import { compareBytes } from '@kithmesh/protocol'
import type { Backend, ByteEntry, ByteRange, ByteWrite } from './backend.ts'

/** A backend that forgets everything when it is dropped: for tests and homes in memory. */
export function createMemoryBackend(): Backend {
  let entries: ByteEntry[] = []
  const lowest = (key: Uint8Array): number => lowerBound(entries, key)
  const get = (key: Uint8Array): Uint8Array | undefined => {
    const entry = entries[lowest(key)]
    return entry !== undefined && compareBytes(entry[0], key) === 0 ? entry[1].slice() : undefined
  }
  const apply = ({ key, value }: ByteWrite): void => {
    const at = lowest(key)
    const there = get(key) === undefined ? 0 : 1
    const added: ByteEntry[] = value === undefined ? [] : [[key.slice(), value.slice()]]
    entries.splice(at, there, ...added)
  }
  return {
    get: async (key) => get(key),
    getMany: async (keys) => keys.map(get),
    page: async (range, limit) => pageOf(entries, range, limit),
    keys: async (range, limit) => pageOf(entries, range, limit).map(([key]) => key),
    write: async (batch) => batch.forEach(apply),
    isWritable: async () => true,
    compact: async () => {},
    close: async () => {
      entries = []
    },
  }
}

/** Copies of the entries of a range, at most `limit`; `entries` ascend by key. */
export function pageOf(
  entries: readonly ByteEntry[],
  range: ByteRange,
  limit: number,
): ByteEntry[] {
  const from = range.from === undefined ? 0 : lowerBound(entries, range.from)
  const to = range.to === undefined ? entries.length : lowerBound(entries, range.to)
  const page = range.reverse
    ? entries.slice(Math.max(from, to - limit), Math.max(from, to)).reverse()
    : entries.slice(from, Math.min(to, from + limit))
  return page.map(([key, value]) => [key.slice(), value.slice()])
}

/** Place of the first entry whose key is not below `key`; `entries` ascend by key. */
export function lowerBound(entries: readonly ByteEntry[], key: Uint8Array): number {
  let low = 0
  let high = entries.length
  while (low < high) {
    const middle = (low + high) >>> 1
    const entry = entries[middle]
    if (entry !== undefined && compareBytes(entry[0], key) < 0) low = middle + 1
    else high = middle
  }
  return low
}
