/** Keys out of the bytes they stand under, without the values that hold them whole (STO-47). */

import { decodeParts, type KeyCodec } from './key-codec.ts'
import { HIDDEN_BYTES, tableBytes, textOfBytes } from './stored-key.ts'

/** Reads the stored keys of one table; it remembers what hidden parts stand for. */
export interface StoredKeyReader<K> {
  /** Undefined when a hidden part was not met yet: then the value tells the key. @throws ERR_MALFORMED */
  read(storedKey: Uint8Array): K | undefined
  /** A key as its value holds it. @throws ERR_MALFORMED */
  learn(storedKey: Uint8Array, plainKey: Uint8Array): K
}

/** A reader that has met nothing. */
export function createStoredKeyReader<K>(table: string, key: KeyCodec<K>): StoredKeyReader<K> {
  const start = tableBytes(table).length
  const known = new Map<string, { readonly value: unknown }>()

  /** The parts in their order; `hidden` says what a hidden one stands for. */
  function walk(
    storedKey: Uint8Array,
    hidden: (name: string, at: number) => { readonly value: unknown } | undefined,
  ): readonly unknown[] | undefined {
    const values: unknown[] = []
    let next = start
    for (const [at, part] of key.parts.entries()) {
      const end = next + HIDDEN_BYTES
      const read = part.hidden
        ? hidden(`${at} ${textOfBytes(storedKey.subarray(next, end))}`, at)
        : part.decode(storedKey, next)
      if (read === undefined) return undefined
      values.push(read.value)
      next = 'next' in read && typeof read.next === 'number' ? read.next : end
    }
    return values
  }

  return {
    read: (storedKey) => {
      const values = walk(storedKey, (name) => known.get(name))
      return values && key.of(values)
    },
    learn: (storedKey, plainKey) => {
      const values = decodeParts(key.parts, plainKey)
      walk(storedKey, (name, at) => {
        const part = { value: values[at] }
        known.set(name, part)
        return part
      })
      return key.of(values)
    },
  }
}
