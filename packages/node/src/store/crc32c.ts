/** CRC-32C (Castagnoli, RFC 3720 §B.4) as LevelDB stores it. Node has only the other CRC-32. */

const POLYNOMIAL = 0x82f63b78
/** LevelDB masks what it stores, since a checksum over data with checksums in it is weak (crc32c.h). */
const MASK_DELTA = 0xa282ead8
/** Bytes per step: one table for each (slicing by 4). */
const SLICES = 4

const TABLES = createTables()

/** The checksum of `bytes`, masked. */
export function maskedCrc32c(bytes: Uint8Array): number {
  const crc = crc32c(bytes)
  return (((crc >>> 15) | (crc << 17)) + MASK_DELTA) >>> 0
}

/** The checksum of `bytes`. */
export function crc32c(bytes: Uint8Array): number {
  const [one, two, three, four] = TABLES
  let crc = 0xffffffff
  let at = 0
  for (; at + SLICES <= bytes.length; at += SLICES) {
    crc ^= byteAt(bytes, at) | (byteAt(bytes, at + 1) << 8)
    crc ^= (byteAt(bytes, at + 2) << 16) | (byteAt(bytes, at + 3) << 24)
    crc =
      byteAt(four, crc & 0xff) ^
      byteAt(three, (crc >>> 8) & 0xff) ^
      byteAt(two, (crc >>> 16) & 0xff) ^
      byteAt(one, crc >>> 24)
  }
  for (; at < bytes.length; at++) {
    crc = byteAt(one, (crc ^ byteAt(bytes, at)) & 0xff) ^ (crc >>> 8)
  }
  return ~crc >>> 0
}

function byteAt(array: Uint8Array | Uint32Array, at: number): number {
  return array[at] ?? 0
}

function createTables(): readonly [Uint32Array, Uint32Array, Uint32Array, Uint32Array] {
  const one = Uint32Array.from({ length: 256 }, (_, byte) => shifted(byte))
  const next = (table: Uint32Array): Uint32Array =>
    table.map((crc) => byteAt(one, crc & 0xff) ^ (crc >>> 8))
  const two = next(one)
  const three = next(two)
  return [one, two, three, next(three)]
}

function shifted(byte: number): number {
  let crc = byte
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ POLYNOMIAL : crc >>> 1
  return crc
}
