/**
 * From values to bytes and back, strictly: one value has one encoding (deterministic CBOR, RFC 8949
 * §4.2.1), and whatever is not exactly that encoding is refused. A shape says what stands where and
 * how much of it may; a codec is a shape with a limit on the whole (ID-4).
 */

import { isKithError, KithError } from '../errors.ts'
import { type CborReader, expectEnd, refuse } from './cbor-reader.ts'
import { writes, written } from './cbor-writer.ts'
import type { Shape } from './shape.ts'

/** A type's way to bytes and back. */
export interface Codec<T> {
  /** The one encoding of `value`. @throws ERR_MALFORMED, ERR_TOO_LARGE when `value` is not of the shape */
  encode(value: T): Uint8Array
  /** The value whose one encoding `bytes` is. @throws ERR_MALFORMED, ERR_SUITE_UNKNOWN */
  decode(bytes: Uint8Array): T
}

/**
 * A codec of `shape` whose encodings are at most `maxBytes` long.
 *
 * @example
 * ```ts
 * const noteCodec = codec(record({ title: text({ max: 80 }), stars: uint({ max: 5 }) }), {
 *   maxBytes: 128,
 * })
 * noteCodec.decode(noteCodec.encode({ title: 'hello', stars: 3 })) // { title: 'hello', stars: 3 }
 * ```
 */
export function codec<T>(shape: Shape<T>, { maxBytes }: { readonly maxBytes: number }): Codec<T> {
  const encode = (value: T): Uint8Array => {
    const bytes = written((writer) => shape.write(value, writer))
    if (bytes.length > maxBytes) throw new KithError('ERR_TOO_LARGE', `over ${maxBytes} bytes`)
    return bytes
  }
  const decode = (bytes: Uint8Array): T => {
    if (bytes.length > maxBytes) throw refuse(`over ${maxBytes} bytes`)
    const input = plain(bytes)
    const value = readWhole(shape, input)
    // The reader is strict already; this makes "one value, one encoding" hold by construction,
    // whatever a mapped shape lets through.
    if (!writes((writer) => shape.write(value, writer), input)) {
      throw refuse('not the one encoding of its value')
    }
    return value
  }
  return { encode, decode: (bytes) => asMalformed(() => decode(bytes)) }
}

function readWhole<T>(shape: Shape<T>, bytes: Uint8Array): T {
  const reader: CborReader = { bytes, at: 0 }
  const value = shape.read(reader)
  expectEnd(reader)
  return value
}

/** A view of its own class, also where a Buffer came in: Buffer.slice shares memory. */
function plain(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

/** Whatever goes wrong with foreign bytes is one code, except for a suite we do not know yet. */
function asMalformed<T>(decode: () => T): T {
  try {
    return decode()
  } catch (error) {
    if (isKithError(error, 'ERR_MALFORMED') || isKithError(error, 'ERR_SUITE_UNKNOWN')) throw error
    throw new KithError('ERR_MALFORMED', 'not well-formed', { cause: error })
  }
}
