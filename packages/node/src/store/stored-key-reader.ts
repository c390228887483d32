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

/** A part as it was met last: keys come in their order, and nearly all begin as the one before. */
interface MetPart {
  readonly bytes: Uint8Array
  readonly value: unknown
}

/** A reader that has met nothing. */
export function createStoredKeyReader<K>(table: string, key: KeyCodec<K>): StoredKeyReader<K> {
  const start = tableBytes(table).length
  const known = new Map<string, MetPart>()
  const lastMet: (MetPart | undefined)[] = []

  /** The parts in their order; `hidden` says what a hidden one stands for. */
  function walk(
    storedKey: Uint8Array,
    hidden: (bytes: Uint8Array, at: number) => MetPart | undefined,
  ): readonly unknown[] | undefined {
    const values: unknown[] = []
    let next = start
    for (let at = 0; at < key.parts.length; at++) {
      const part = metAgain(lastMet[at], storedKey, next) ?? partAt(storedKey, { next, at }, hidden)
      if (part === undefined) return undefined
      // The last one is another in each key.
      if (at < key.parts.length - 1) lastMet[at] = part
      values.push(part.value)
      next += part.bytes.length
    }
    return values
  }

  function partAt(
    storedKey: Uint8Array,
    { next, at }: { readonly next: number; readonly at: number },
    hidden: (bytes: Uint8Array, at: number) => MetPart | undefined,
  ): MetPart | undefined {
    const part = key.parts[at]
    if (part === undefined || part.hidden) {
      return hidden(storedKey.subarray(next, next + HIDDEN_BYTES), at)
    }
    const read = part.decode(storedKey, next)
    return { bytes: storedKey.subarray(next, read.next), value: read.value }
  }

  return {
    read: (storedKey) => {
      const values = walk(storedKey, (bytes, at) => known.get(`${at} ${textOfBytes(bytes)}`))
      return values && key.of(values)
    },
    learn: (storedKey, plainKey) => {
      const values = decodeParts(key.parts, plainKey)
      walk(storedKey, (bytes, at) => {
        const part = { bytes: bytes.slice(), value: values[at] }
        known.set(`${at} ${textOfBytes(bytes)}`, part)
        return part
      })
      return key.of(values)
    },
  }
}

/** The part, if the key goes on with the very same bytes. */
function metAgain(
  part: MetPart | undefined,
  storedKey: Uint8Array,
  from: number,
): MetPart | undefined {
  if (part === undefined) return undefined
  const { bytes } = part
  // From the end: numbers differ there.
  for (let at = bytes.length - 1; at >= 0; at--) {
    if (storedKey[from + at] !== bytes[at]) return undefined
  }
  return part
}
