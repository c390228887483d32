import { RelayError } from './errors.ts'

/**
 * The part of protocol buffers the circuit messages need: varints and length-delimited fields
 * (https://protobuf.dev/programming-guides/encoding/). Readers skip what they do not know, as the
 * format asks, and refuse what is cut short or of a wrong type.
 */

const VARINT = 0
const FIXED64 = 1
const DELIMITED = 2
const FIXED32 = 5

/** One field of a message: a number, or bytes that are a string, bytes or a message. */
export type WireField =
  | { readonly number: number; readonly kind: 'varint'; readonly value: bigint }
  | { readonly number: number; readonly kind: 'bytes'; readonly value: Uint8Array }

/** Ten groups of seven bits hold any 64-bit number. */
const MAX_VARINT_BYTES = 10
const MAX_UINT64 = 2n ** 64n - 1n

/** @throws ERR_MALFORMED */
export function readFields(bytes: Uint8Array): readonly WireField[] {
  const fields: WireField[] = []
  let offset = 0
  while (offset < bytes.length) {
    const tag = readVarint(bytes, offset)
    const number = Number(tag.value >> 3n)
    if (number === 0) throw malformed('a field numbered 0')
    const field = readField(bytes, tag.end, { number, type: Number(tag.value & 7n) })
    if (field.field !== undefined) fields.push(field.field)
    offset = field.end
  }
  return fields
}

function readField(
  bytes: Uint8Array,
  start: number,
  { number, type }: { readonly number: number; readonly type: number },
): { readonly field?: WireField; readonly end: number } {
  switch (type) {
    case VARINT: {
      const { value, end } = readVarint(bytes, start)
      return { field: { number, kind: 'varint', value }, end }
    }
    case DELIMITED: {
      const length = readVarint(bytes, start)
      const end = length.end + Number(length.value)
      if (end > bytes.length) throw malformed('a field longer than its message')
      return { field: { number, kind: 'bytes', value: bytes.subarray(length.end, end) }, end }
    }
    case FIXED64:
      return { end: within(bytes, start + 8) }
    case FIXED32:
      return { end: within(bytes, start + 4) }
    default:
      throw malformed(`wire type ${type}`)
  }
}

function within(bytes: Uint8Array, end: number): number {
  if (end > bytes.length) throw malformed('a field longer than its message')
  return end
}

/** A varint and where it ends. @throws ERR_MALFORMED */
export function readVarint(
  bytes: Uint8Array,
  start: number,
): { readonly value: bigint; readonly end: number } {
  let value = 0n
  for (let index = 0; index < MAX_VARINT_BYTES; index += 1) {
    const byte = bytes[start + index]
    if (byte === undefined) throw malformed('a number cut short')
    value |= BigInt(byte & 0x7f) << BigInt(7 * index)
    if (byte < 0x80) {
      if (value > MAX_UINT64) break
      return { value, end: start + index + 1 }
    }
  }
  throw malformed('a number of more than 64 bits')
}

/** A number as a varint. */
export function varint(value: number | bigint): Uint8Array {
  const bytes: number[] = []
  let rest = BigInt(value)
  while (rest >= 0x80n) {
    bytes.push(Number(rest & 0x7fn) | 0x80)
    rest >>= 7n
  }
  bytes.push(Number(rest))
  return Uint8Array.from(bytes)
}

/** A numeric field. */
export function numberField(number: number, value: number | bigint): Uint8Array {
  return concat([varint((number << 3) | VARINT), varint(value)])
}

/** A field of bytes, or of a message given by its bytes. */
export function bytesField(number: number, value: Uint8Array): Uint8Array {
  return concat([varint((number << 3) | DELIMITED), varint(value.length), value])
}

/** Bytes after one another. */
export function concat(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let offset = 0
  for (const part of parts) {
    whole.set(part, offset)
    offset += part.length
  }
  return whole
}

function malformed(found: string): RelayError {
  return new RelayError('ERR_MALFORMED', `A circuit message has ${found}`)
}
