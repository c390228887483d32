/**
 * LevelDB's log, looked at before LevelDB does (STO-46). It passes over records whose checksum is wrong
 * without a word, and goes on behind them: then what it serves is older than what the ledger counts.
 */

import { maskedCrc32c } from './crc32c.ts'

/** Records do not reach over blocks of this size (leveldb doc/log_format.md). */
const BLOCK_BYTES = 32 * 1024
/** Checksum, length, type. */
const HEADER_BYTES = 7
const LENGTH_AT = 4
const TYPE_AT = 6

/** Whether every record of a log, or of a manifest, is whole; one that a crash cut short is not. */
export function isLogWhole(file: Uint8Array): boolean {
  for (let start = 0; start < file.length; start += BLOCK_BYTES) {
    if (!isBlockWhole(file.subarray(start, start + BLOCK_BYTES))) return false
  }
  return true
}

function isBlockWhole(block: Uint8Array): boolean {
  const view = new DataView(block.buffer, block.byteOffset, block.length)
  let at = 0
  // What is shorter than a header fills a block up.
  while (at + HEADER_BYTES <= block.length) {
    const end = at + HEADER_BYTES + view.getUint16(at + LENGTH_AT, true)
    if (end > block.length) return false
    const checksum = maskedCrc32c(block.subarray(at + TYPE_AT, end))
    if (view.getUint32(at, true) !== checksum) return false
    at = end
  }
  return block.subarray(at).every((byte) => byte === 0)
}
