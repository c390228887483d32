/**
 * Reads the part of CBOR we use, strictly: null, true and false, whole numbers to 2^53 − 1, byte
 * strings, texts and arrays. What is not encoded deterministically (RFC 8949 §4.2.1) is refused: a
 * number or length in more bytes than it needs, a length that is not told in front. So is every other
 * type: negative numbers, maps, tags, floats, undefined.
 *
 * Heads and contents are read apart, so that a length is checked before what it announces is read (C3).
 */

import { KithError } from '../errors.ts'

/** An input and how far it is read. */
export interface CborReader {
  readonly bytes: Uint8Array
  at: number
}

/** Major types (RFC 8949 §3.1). */
const UINT = 0
const BYTES = 2
const TEXT = 3
const ARRAY = 4

/** Simple values (RFC 8949 §3.3). */
const FALSE = 0xf4
const TRUE = 0xf5
const NULL = 0xf6

/** Passes a null, and says whether there was one. */
export function passNull(reader: CborReader): boolean {
  if (firstByte(reader) !== NULL) return false
  reader.at++
  return true
}

/** Passes these bytes, and says whether they stood there. */
export function passRaw(reader: CborReader, expected: Uint8Array): boolean {
  const { bytes, at } = reader
  if (at + expected.length > bytes.length) return false
  for (let i = 0; i < expected.length; i++) if (bytes[at + i] !== expected[i]) return false
  reader.at += expected.length
  return true
}

/** Reads true or false. @throws ERR_MALFORMED */
export function readBool(reader: CborReader): boolean {
  const byte = firstByte(reader)
  if (byte !== TRUE && byte !== FALSE) throw refuse('true or false expected')
  reader.at++
  return byte === TRUE
}

/** Reads a whole number from 0 to 2^53 − 1. @throws ERR_MALFORMED */
export function readUint(reader: CborReader): number {
  return readHead(reader, UINT)
}

/** Reads the head of a byte string: its length. @throws ERR_MALFORMED */
export function readBytesHead(reader: CborReader): number {
  return readHead(reader, BYTES)
}

/** Reads the head of a text: its length in bytes. @throws ERR_MALFORMED */
export function readTextHead(reader: CborReader): number {
  return readHead(reader, TEXT)
}

/** Reads the head of an array: the number of its items. @throws ERR_MALFORMED */
export function readArrayHead(reader: CborReader): number {
  return readHead(reader, ARRAY)
}

/** Reads what a head announced, into memory of its own: the input may be used again. @throws ERR_MALFORMED */
export function readRaw(reader: CborReader, length: number): Uint8Array {
  const start = pass(reader, length)
  return reader.bytes.slice(start, reader.at)
}

/** Reads a text of which the head was read. @throws ERR_MALFORMED, TypeError when it is no UTF-8 */
export function readUtf8(reader: CborReader, length: number): string {
  const start = pass(reader, length)
  return strictUtf8.decode(reader.bytes.subarray(start, reader.at))
}

/** Refuses an input of which something is left. @throws ERR_MALFORMED */
export function expectEnd(reader: CborReader): void {
  if (reader.at < reader.bytes.length) throw refuse('has trailing bytes')
}

/** What is not of the shape; the sentence holds no part of the input. */
export function refuse(reason: string): KithError {
  return new KithError('ERR_MALFORMED', reason)
}

/** A first byte: the major type in its upper three bits, the number or how long it is in the lower five. */
function readHead(reader: CborReader, major: number): number {
  const byte = firstByte(reader)
  if (byte >> 5 !== major) throw refuse('a value of another type')
  const low = byte & 0x1f
  reader.at++
  if (low < 24) return low
  if (low === 24) return readNumber(reader, 1, 24)
  if (low === 25) return readNumber(reader, 2, 2 ** 8)
  if (low === 26) return readNumber(reader, 4, 2 ** 16)
  if (low === 27) return readNumber(reader, 8, 2 ** 32)
  // 28 to 30 mean nothing, 31 a length that is not told (RFC 8949 §3).
  throw refuse('a head that is not allowed')
}

/** A number in the bytes behind its first, not below `least`: it would have a shorter encoding. */
function readNumber(reader: CborReader, length: number, least: number): number {
  const start = pass(reader, length)
  let value = 0
  // Above 2^53 this is not exact, but never below it either.
  for (let at = start; at < reader.at; at++) value = value * 256 + (reader.bytes[at] ?? 0)
  if (value < least) throw refuse('a number longer than needed')
  if (value > Number.MAX_SAFE_INTEGER) throw refuse('a number above 2^53 - 1')
  return value
}

/** Moves on by `length` bytes that must be there; answers where they begin. */
function pass(reader: CborReader, length: number): number {
  const { bytes, at } = reader
  if (length > bytes.length - at) throw refuse('ends too early')
  reader.at += length
  return at
}

function firstByte({ bytes, at }: CborReader): number {
  const byte = bytes[at]
  if (byte === undefined) throw refuse('ends too early')
  return byte
}

/** Keeps a byte order mark: dropping it would give two encodings of one text. */
const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
