import { NetError } from '../errors.ts'

/** One field of a protobuf message, as it stands on the wire; only the two wire types used here. */
export type WireField =
  | { readonly field: number; readonly value: bigint }
  | { readonly field: number; readonly value: Uint8Array }

/** https://protobuf.dev/programming-guides/encoding: wire types of the two kinds of field. */
const VARINT = 0n
const LENGTH_DELIMITED = 2n

/** 64-bit varints take at most ten bytes. */
const MAX_VARINT_BYTES = 10

/** Concatenates fields in the given order. */
export function encodeFields(fields: readonly WireField[]): Uint8Array {
  const bytes: number[] = []
  for (const { field, value } of fields) {
    if (typeof value === 'bigint') {
      bytes.push(...varintBytes((BigInt(field) << 3n) | VARINT), ...varintBytes(value))
    } else {
      bytes.push(...varintBytes((BigInt(field) << 3n) | LENGTH_DELIMITED))
      bytes.push(...varintBytes(BigInt(value.byteLength)), ...value)
    }
  }
  return Uint8Array.from(bytes)
}

/** @throws ERR_FRAME_MALFORMED on anything that is not a whole number of known wire types */
export function decodeFields(bytes: Uint8Array): readonly WireField[] {
  const fields: WireField[] = []
  let at = 0
  while (at < bytes.byteLength) {
    const key = readVarint(bytes, at)
    const field = Number(key.value >> 3n)
    const first = readVarint(bytes, key.next)
    if ((key.value & 7n) === VARINT) {
      fields.push({ field, value: first.value })
      at = first.next
    } else if ((key.value & 7n) === LENGTH_DELIMITED) {
      const end = first.next + Number(first.value)
      if (end > bytes.byteLength) throw malformed('a field is cut short')
      fields.push({ field, value: bytes.subarray(first.next, end) })
      at = end
    } else {
      throw malformed('an unknown wire type')
    }
  }
  return fields
}

/** Last value of a number field, as protobuf says of repeated scalars; undefined when absent. */
export function numberOf(fields: readonly WireField[], field: number): bigint | undefined {
  const value = fields.findLast((one) => one.field === field)?.value
  return typeof value === 'bigint' ? value : undefined
}

/** All values of a bytes field. */
export function bytesOf(fields: readonly WireField[], field: number): readonly Uint8Array[] {
  return fields.flatMap((one) =>
    one.field === field && one.value instanceof Uint8Array ? [one.value] : [],
  )
}

function varintBytes(value: bigint): number[] {
  const bytes: number[] = []
  let rest = value
  while (rest >= 0x80n) {
    bytes.push(Number(rest & 0x7fn) | 0x80)
    rest >>= 7n
  }
  return [...bytes, Number(rest)]
}

function readVarint(bytes: Uint8Array, from: number): { value: bigint; next: number } {
  let value = 0n
  for (let index = 0; index < MAX_VARINT_BYTES; index += 1) {
    const byte = bytes[from + index]
    if (byte === undefined) throw malformed('a number is cut short')
    value |= BigInt(byte & 0x7f) << BigInt(7 * index)
    if (byte < 0x80) return { value: BigInt.asUintN(64, value), next: from + index + 1 }
  }
  throw malformed('a number is too long')
}

function malformed(what: string): NetError {
  return new NetError('ERR_FRAME_MALFORMED', `Not a circuit message: ${what}`)
}
