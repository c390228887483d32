/**
 * Writes the part of CBOR we use, deterministically (RFC 8949 §4.2.1): null, true and false, whole
 * numbers to 2^53 − 1, byte strings, texts and arrays. Every number and length takes the fewest bytes
 * it fits in, and every length stands in front of what it counts.
 *
 * There is one writer, and whoever encodes borrows it: its buffer has grown to the size of what is
 * usual here, so that an encoding costs no more memory than its own bytes.
 */

import { equalBytes } from './bytes.ts'

/** A place to write to: `bytes` up to `at` are written. */
export interface CborWriter {
  bytes: Uint8Array
  at: number
}

/** Major types (RFC 8949 §3.1), in the upper three bits of the first byte. */
const UINT = 0 << 5
const BYTES = 2 << 5
const TEXT = 3 << 5
const ARRAY = 4 << 5

/** Simple values (RFC 8949 §3.3), which are major type 7. */
const FALSE = 0xf4
const TRUE = 0xf5
const NULL = 0xf6

/** The longest head: its first byte and a number of 64 bits. */
const MAX_HEAD_BYTES = 9

/** Holds most of what devices write: envelopes, sessions, records, entries. */
const USUAL_BYTES = 4 * 1024
/** A buffer that grew beyond this, for a snapshot or a recovery, is let go afterwards. */
const MAX_KEPT_BYTES = 256 * 1024

const shared: CborWriter = { bytes: new Uint8Array(USUAL_BYTES), at: 0 }

/** What `write` writes, as bytes of their own. */
export function written(write: (writer: CborWriter) => void): Uint8Array {
  return withWriter(write, (bytes) => bytes.slice())
}

/** Whether `write` writes exactly these bytes. */
export function writes(write: (writer: CborWriter) => void, expected: Uint8Array): boolean {
  return withWriter(write, (bytes) => equalBytes(bytes, expected))
}

/**
 * Lends the writer to `write`, then shows `use` what it wrote. To encode something while something is
 * being encoded is fine: the inner stands behind the outer, and is gone when the outer goes on. What
 * was written is wiped, since it may hold keys.
 */
function withWriter<R>(write: (writer: CborWriter) => void, use: (bytes: Uint8Array) => R): R {
  const start = shared.at
  try {
    write(shared)
    return use(shared.bytes.subarray(start, shared.at))
  } finally {
    shared.bytes.fill(0, start, shared.at)
    shared.at = start
    if (start === 0 && shared.bytes.length > MAX_KEPT_BYTES) {
      shared.bytes = new Uint8Array(USUAL_BYTES)
    }
  }
}

/** Writes null. */
export function writeNull(writer: CborWriter): void {
  writeByte(writer, NULL)
}

/** Writes true or false. */
export function writeBool(writer: CborWriter, value: boolean): void {
  writeByte(writer, value ? TRUE : FALSE)
}

/** Writes a whole number from 0 to 2^53 − 1. */
export function writeUint(writer: CborWriter, value: number): void {
  writeHead(writer, UINT, value)
}

/** Writes a byte string. */
export function writeBytes(writer: CborWriter, value: Uint8Array): void {
  writeHead(writer, BYTES, value.length)
  writeRaw(writer, value)
}

/** Writes a well-formed text. Answers how many bytes of UTF-8 it is. */
export function writeText(writer: CborWriter, value: string): number {
  // A UTF-16 unit is at most three bytes of UTF-8.
  reserve(writer, MAX_HEAD_BYTES + 3 * value.length)
  const { at } = writer
  const length = writeTextAs(writer, value, value.length)
  if (length === value.length) return length
  // Not ASCII: once more, now that the length to announce is known.
  writer.at = at
  return writeTextAs(writer, value, length)
}

/** Writes the head of an array: `length` items are to follow. */
export function writeArrayHead(writer: CborWriter, length: number): void {
  writeHead(writer, ARRAY, length)
}

/** Writes bytes that are CBOR already. */
export function writeRaw(writer: CborWriter, bytes: Uint8Array): void {
  reserve(writer, bytes.length)
  writer.bytes.set(bytes, writer.at)
  writer.at += bytes.length
}

function writeTextAs(writer: CborWriter, value: string, announced: number): number {
  writeHead(writer, TEXT, announced)
  const { written: length } = utf8.encodeInto(value, writer.bytes.subarray(writer.at))
  writer.at += length
  return length
}

function writeByte(writer: CborWriter, byte: number): void {
  reserve(writer, 1)
  writer.bytes[writer.at++] = byte
}

/**
 * A major type and its number: of a value, of bytes, of items. Up to 23 the number stands in the first
 * byte. Else it stands behind it in 1, 2, 4 or 8 bytes, which 24 to 27 in the first say (RFC 8949 §3).
 */
function writeHead(writer: CborWriter, major: number, value: number): void {
  reserve(writer, MAX_HEAD_BYTES)
  const { bytes } = writer
  if (value < 24) {
    bytes[writer.at++] = major | value
  } else if (value < 2 ** 8) {
    bytes[writer.at++] = major | 24
    bytes[writer.at++] = value
  } else if (value < 2 ** 16) {
    bytes[writer.at++] = major | 25
    bytes[writer.at++] = value >>> 8
    bytes[writer.at++] = value
  } else if (value < 2 ** 32) {
    bytes[writer.at++] = major | 26
    writeUint32(writer, value)
  } else {
    bytes[writer.at++] = major | 27
    // No shift: those keep 32 bits.
    writeUint32(writer, Math.floor(value / 2 ** 32))
    writeUint32(writer, value)
  }
}

/** The lower 32 bits of `value`, the highest first. An element keeps the lower 8 of what it is given. */
function writeUint32(writer: CborWriter, value: number): void {
  const { bytes } = writer
  bytes[writer.at++] = value >>> 24
  bytes[writer.at++] = value >>> 16
  bytes[writer.at++] = value >>> 8
  bytes[writer.at++] = value
}

function reserve(writer: CborWriter, length: number): void {
  if (writer.at + length > writer.bytes.length) grow(writer, writer.at + length)
}

function grow(writer: CborWriter, atLeast: number): void {
  const small = writer.bytes
  writer.bytes = new Uint8Array(Math.max(atLeast, 2 * small.length))
  writer.bytes.set(small.subarray(0, writer.at))
  small.fill(0)
}

const utf8 = new TextEncoder()
