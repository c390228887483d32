/** CRC-32C (Castagnoli, RFC 3720 §B.4) as LevelDB stores it. Node has only the other CRC-32. */

const POLYNOMIAL = 0x82f63b78
/** LevelDB masks what it stores, since a checksum over data with checksums in it is weak (crc32c.h). */
const MASK_DELTA = 0xa282ead8
/** Bytes per step (slicing by 8): a home is read through at each opening (STO-36). */
const SLICES = 8

/** One table of 256 for each byte of a step, one behind the other. */
const TABLES = createTables()

/** The checksum of `bytes`, masked. */
export function maskedCrc32c(bytes: Uint8Array): number {
  const crc = crc32c(bytes)
  return (((crc >>> 15) | (crc << 17)) + MASK_DELTA) >>> 0
}

/** The checksum of `bytes`. */
export function crc32c(bytes: Uint8Array): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  let crc = -1
  let at = 0
  for (; at + SLICES <= bytes.length; at += SLICES) {
    const low = crc ^ view.getInt32(at, true)
    const high = view.getInt32(at + 4, true)
    crc =
      shifted(7, low) ^
      shifted(6, low >>> 8) ^
      shifted(5, low >>> 16) ^
      shifted(4, low >>> 24) ^
      shifted(3, high) ^
      shifted(2, high >>> 8) ^
      shifted(1, high >>> 16) ^
      shifted(0, high >>> 24)
  }
  for (; at < bytes.length; at++) crc = shifted(0, crc ^ view.getUint8(at)) ^ (crc >>> 8)
  return ~crc >>> 0
}

/** What the lowest byte of `value` comes to when `slice` bytes follow it. */
function shifted(slice: number, value: number): number {
  return TABLES[(slice << 8) | (value & 0xff)] ?? 0
}

function createTables(): Int32Array {
  const tables = new Int32Array(SLICES * 256)
  for (let byte = 0; byte < 256; byte++) tables[byte] = remainderOf(byte)
  for (let at = 256; at < tables.length; at++) {
    const before = tables[at - 256] ?? 0
    tables[at] = (tables[before & 0xff] ?? 0) ^ (before >>> 8)
  }
  return tables
}

function remainderOf(byte: number): number {
  let crc = byte
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ POLYNOMIAL : crc >>> 1
  return crc
}
