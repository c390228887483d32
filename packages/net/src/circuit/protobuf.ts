/**
 * The part of protocol buffers the circuit messages need: numbers and length-delimited fields
 * (https://protobuf.dev/programming-guides/encoding/). Readers skip what they do not know, as the
 * format asks, and refuse what is cut short, of a wrong type or there twice.
 */
import { NetError } from '../errors.ts'
import { varint } from '../framing/varint.ts'

/** One field of a message: a number, or bytes that are a string, bytes or a message. */
export interface WireField {
  readonly field: number
  readonly value: bigint | Uint8Array
}

/** Concatenates fields in the given order. */
export function encodeFields(fields: readonly WireField[]): Uint8Array {
  const bytes: number[] = []
  for (const { field, value } of fields) {
    if (typeof value === 'bigint') {
      bytes.push(...varint(keyOf(field, VARINT)), ...varint(value))
    } else {
      bytes.push(...varint(keyOf(field, DELIMITED)))
      bytes.push(...lengthPrefixed(value))
    }
  }
  return Uint8Array.from(bytes)
}

/** Bytes with their length in front, as a varint. */
export function lengthPrefixed(bytes: Uint8Array): readonly number[] {
  return [...varint(bytes.byteLength), ...bytes]
}

/** @throws ERR_FRAME_MALFORMED on anything that is not a whole number of fields */
export function decodeFields(bytes: Uint8Array): readonly WireField[] {
  const fields: WireField[] = []
  let at = 0
  while (at < bytes.byteLength) {
    const key = readVarint(bytes, at)
    const field = Number(key.value >> 3n)
    if (field === 0) throw malformed('a field numbered 0')
    const { value, end } = readValue(bytes, key.end, key.value & 7n)
    if (value !== undefined) fields.push({ field, value })
    at = end
  }
  return fields
}

/** The number of a field that stands once; undefined when absent. @throws ERR_FRAME_MALFORMED */
export function numberOf(fields: readonly WireField[], field: number): bigint | undefined {
  const value = onlyValue(fields, field)
  if (value === undefined || typeof value === 'bigint') return value
  throw malformed(`field ${field} is no number`)
}

/** The bytes of a field that stands once; undefined when absent. @throws ERR_FRAME_MALFORMED */
export function bytesOf(fields: readonly WireField[], field: number): Uint8Array | undefined {
  const value = onlyValue(fields, field)
  return value === undefined ? undefined : asBytes(value, field)
}

/** All values of a repeated bytes field. @throws ERR_FRAME_MALFORMED */
export function allBytesOf(fields: readonly WireField[], field: number): readonly Uint8Array[] {
  return fields.filter((one) => one.field === field).map(({ value }) => asBytes(value, field))
}

/** Two of a field that stands once could be read differently by two programs: refused. */
function onlyValue(fields: readonly WireField[], field: number): WireField['value'] | undefined {
  const [first, second] = fields.filter((one) => one.field === field)
  if (second === undefined) return first?.value
  throw malformed(`field ${field} stands twice`)
}

function asBytes(value: WireField['value'], field: number): Uint8Array {
  if (typeof value !== 'bigint') return value
  throw malformed(`field ${field} is not bytes`)
}

/** Wire types; groups are no longer written by anybody. */
const VARINT = 0n
const FIXED64 = 1n
const DELIMITED = 2n
const FIXED32 = 5n

function keyOf(field: number, type: bigint): bigint {
  return (BigInt(field) << 3n) | type
}

/** The value that begins there, if it is of a kind that is read, and where it ends. */
function readValue(
  bytes: Uint8Array,
  start: number,
  type: bigint,
): { readonly value?: WireField['value']; readonly end: number } {
  switch (type) {
    case VARINT:
      return readVarint(bytes, start)
    case DELIMITED: {
      const length = readVarint(bytes, start)
      const end = within(bytes, length.end + Number(length.value))
      return { value: bytes.subarray(length.end, end), end }
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
  if (end <= bytes.byteLength) return end
  throw malformed('a field longer than its message')
}

/** Ten groups of seven bits hold any 64-bit number. */
const MAX_VARINT_BYTES = 10
const MAX_UINT64 = 2n ** 64n - 1n

function readVarint(bytes: Uint8Array, start: number): { value: bigint; end: number } {
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

function malformed(what: string): NetError {
  return new NetError('ERR_FRAME_MALFORMED', `Not a circuit message: ${what}`)
}
