/**
 * LevelDB's table files, looked at before LevelDB does. It writes a checksum behind every block, but
 * as built into Node it does not read them: a flipped bit then yields wrong answers without an error
 * (a key that `get` does not find and an iterator does), or ends the process by a failed assertion.
 *
 * The format is https://github.com/google/leveldb/blob/main/doc/table_format.md: blocks, each with its
 * compression type and checksum behind it, then a footer that says where the index block is, whose
 * entries say where the data blocks are.
 */

import { joinBytes } from '@kithmesh/protocol'
import { maskedCrc32c } from './crc32c.ts'

/** What is to be done with a table file. */
export type TableCheck =
  | { readonly kind: 'whole' }
  /** `bytes` is a file in its place, without the damaged blocks. */
  | { readonly kind: 'mended'; readonly bytes: Uint8Array }
  /** Not even its index can be read. */
  | { readonly kind: 'lost' }

/** Where a block is; its trailer comes behind. */
interface BlockHandle {
  readonly offset: number
  readonly size: number
}

interface IndexEntry {
  readonly key: Uint8Array
  readonly block: BlockHandle
}

const FOOTER_BYTES = 48
/** The last bytes of every table. */
const MAGIC = Uint8Array.of(0x57, 0xfb, 0x80, 0x8b, 0x24, 0x75, 0x47, 0xdb)
/** Type of compression, then the checksum over block and type. */
const TRAILER_BYTES = 5
const UNCOMPRESSED = Uint8Array.of(0)
/** Enough for 2^42, and exact as a number. */
const MAX_VARINT_BYTES = 6

/** Compares every block of a table file with its checksum. */
export function checkTable(file: Uint8Array): TableCheck {
  const footer = readFooter(file)
  if (footer === undefined || !isWhole(file, footer.index)) return { kind: 'lost' }
  const entries = readIndex(file, footer.index)
  // Only a repair by LevelDB compresses, and the store has all it wrote written anew (STO-35).
  if (entries === 'compressed') return { kind: 'whole' }
  const kept = entries.filter(({ block }) => isWhole(file, block))
  if (kept.length === entries.length && isFilterWhole(file, footer.meta)) return { kind: 'whole' }
  return { kind: 'mended', bytes: withIndex(file, kept) }
}

function readFooter(file: Uint8Array): { meta: BlockHandle; index: BlockHandle } | undefined {
  const start = file.length - FOOTER_BYTES
  const magic = file.subarray(-MAGIC.length)
  if (start < 0 || !MAGIC.every((byte, at) => byte === magic[at])) return undefined
  const meta = readHandle(file, start)
  return { meta, index: readHandle(file, meta.next) }
}

function isWhole(file: Uint8Array, { offset, size }: BlockHandle): boolean {
  const end = offset + size + TRAILER_BYTES
  if (end > file.length) return false
  const stored = new DataView(file.buffer, file.byteOffset).getUint32(end - 4, true)
  return maskedCrc32c(file.subarray(offset, end - 4)) === stored
}

/** The filter only saves reading; but a wrong one hides keys, so a damaged one has to go. */
function isFilterWhole(file: Uint8Array, meta: BlockHandle): boolean {
  if (!isWhole(file, meta)) return false
  const entries = readIndex(file, meta)
  return entries !== 'compressed' && entries.every(({ block }) => isWhole(file, block))
}

/** The entries of a whole block whose values are handles. */
function readIndex(file: Uint8Array, handle: BlockHandle): readonly IndexEntry[] | 'compressed' {
  const block = file.subarray(handle.offset, handle.offset + handle.size)
  if (file[handle.offset + handle.size] !== UNCOMPRESSED[0]) return 'compressed'
  const restarts = new DataView(block.buffer, block.byteOffset).getUint32(block.length - 4, true)
  const end = block.length - 4 * (restarts + 1)
  const entries: IndexEntry[] = []
  let key: Uint8Array = new Uint8Array()
  for (let at = 0; at < end; ) {
    const { entry, next } = readEntry(block, at, key)
    entries.push(entry)
    key = entry.key
    at = next
  }
  return entries
}

/** Length shared with the key before, length of the rest, length of the value; then rest and value. */
function readEntry(block: Uint8Array, at: number, before: Uint8Array): EntryAt {
  const shared = readVarint(block, at)
  const rest = readVarint(block, shared.next)
  const length = readVarint(block, rest.next)
  const end = length.next + rest.value
  const key = joinBytes(before.subarray(0, shared.value), block.subarray(length.next, end))
  return { entry: { key, block: readHandle(block, end) }, next: end + length.value }
}

interface EntryAt {
  readonly entry: IndexEntry
  readonly next: number
}

function readHandle(bytes: Uint8Array, at: number): BlockHandle & { readonly next: number } {
  const offset = readVarint(bytes, at)
  const size = readVarint(bytes, offset.next)
  return { offset: offset.value, size: size.value, next: size.next }
}

/** Seven bits a byte, the lowest first; what is missing or too long is read as it comes. */
function readVarint(bytes: Uint8Array, at: number): { value: number; next: number } {
  let value = 0
  for (let place = 0; place < MAX_VARINT_BYTES; place++) {
    const byte = bytes[at + place] ?? 0
    value += (byte & 0x7f) * 0x80 ** place
    if (byte < 0x80) return { value, next: at + place + 1 }
  }
  return { value, next: at + MAX_VARINT_BYTES }
}

/**
 * The file with another index behind its end, of the blocks that are whole, and no filter. LevelDB
 * looks for the footer where the file used to end, and we at its end: so there are two of them.
 */
function withIndex(file: Uint8Array, entries: readonly IndexEntry[]): Uint8Array {
  const meta = withTrailer(blockOf([]))
  const index = withTrailer(blockOf(entries))
  const metaHandle = { offset: file.length, size: meta.length - TRAILER_BYTES }
  const indexHandle = {
    offset: file.length + meta.length,
    size: index.length - TRAILER_BYTES,
  }
  const footer = new Uint8Array(FOOTER_BYTES)
  footer.set(joinBytes(handleBytes(metaHandle), handleBytes(indexHandle)))
  footer.set(MAGIC, FOOTER_BYTES - MAGIC.length)
  const before = file.subarray(0, file.length - FOOTER_BYTES)
  return joinBytes(before, footer, meta, index, footer)
}

/** Every key whole, so every entry is a place to begin at (a restart point). */
function blockOf(entries: readonly IndexEntry[]): Uint8Array {
  const parts = entries.map(({ key, block }) => {
    const value = handleBytes(block)
    return joinBytes(varint(0), varint(key.length), varint(value.length), key, value)
  })
  const starts = parts.map((_, at) =>
    parts.slice(0, at).reduce((sum, part) => sum + part.length, 0),
  )
  const restarts = starts.length === 0 ? [0] : starts
  return joinBytes(...parts, ...restarts.map(uint32), uint32(restarts.length))
}

function withTrailer(block: Uint8Array): Uint8Array {
  const typed = joinBytes(block, UNCOMPRESSED)
  return joinBytes(typed, uint32(maskedCrc32c(typed)))
}

function handleBytes({ offset, size }: BlockHandle): Uint8Array {
  return joinBytes(varint(offset), varint(size))
}

function varint(value: number): Uint8Array {
  const bytes: number[] = []
  let left = value
  for (; left >= 0x80; left = Math.floor(left / 0x80)) bytes.push((left % 0x80) | 0x80)
  return Uint8Array.from([...bytes, left])
}

function uint32(value: number): Uint8Array {
  const bytes = new Uint8Array(4)
  new DataView(bytes.buffer).setUint32(0, value, true)
  return bytes
}
