/** Our writer and reader of CBOR against another implementation, cborg (ID-4). */

import { isDeepStrictEqual } from 'node:util'
import { encode as encodeCborg, Tokenizer, Type } from 'cborg'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isKithError, KithError } from '../errors.ts'
import {
  type CborReader,
  expectEnd,
  passNull,
  readArrayHead,
  readBool,
  readBytesHead,
  readRaw,
  readTextHead,
  readUint,
  readUtf8,
} from './cbor-reader.ts'
import {
  type CborWriter,
  writeArrayHead,
  writeBool,
  writeBytes,
  writeNull,
  writeText,
  writeUint,
  written,
} from './cbor-writer.ts'
import { codec } from './codec.ts'
import { bytes, list, mapped, record, text, uint } from './shape.ts'

/** All that ID-4 lets stand in bytes. */
type Wire = null | boolean | number | string | Uint8Array | readonly Wire[]

function write(value: Wire, writer: CborWriter): void {
  if (value === null) writeNull(writer)
  else if (typeof value === 'boolean') writeBool(writer, value)
  else if (typeof value === 'number') writeUint(writer, value)
  else if (typeof value === 'string') writeText(writer, value)
  else if (value instanceof Uint8Array) writeBytes(writer, value)
  else {
    writeArrayHead(writer, value.length)
    for (const item of value) write(item, writer)
  }
}

function encode(value: Wire): Uint8Array {
  return written((writer) => write(value, writer))
}

/** Reads whatever comes, by the first byte of it. */
function read(reader: CborReader): Wire {
  if (reader.at < reader.bytes.length && passNull(reader)) return null
  const major = (reader.bytes[reader.at] ?? 0) >> 5
  if (major === 0) return readUint(reader)
  if (major === 2) return readRaw(reader, readBytesHead(reader))
  if (major === 3) return readUtf8(reader, readTextHead(reader))
  if (major !== 4) return readBool(reader)
  const length = readArrayHead(reader)
  const items: Wire[] = []
  while (items.length < length) items.push(read(reader))
  return items
}

/** What the bytes say; undefined when they are not deterministic CBOR of our part. */
function decode(input: Uint8Array): Wire | undefined {
  const reader = { bytes: input, at: 0 }
  try {
    const value = read(reader)
    expectEnd(reader)
    return value
  } catch (error) {
    if (isKithError(error, 'ERR_MALFORMED') || error instanceof TypeError) return undefined
    throw error
  }
}

const STRICT = {
  strict: true,
  allowIndefinite: false,
  allowUndefined: false,
  allowInfinity: false,
  allowNaN: false,
  allowBigInt: false,
  retainStringBytes: true,
}

/** The same, read by cborg. */
function decodeByCborg(input: Uint8Array): Wire | undefined {
  const tokens = new Tokenizer(input, STRICT)
  try {
    const value = nextOf(tokens)
    return tokens.done() ? value : undefined
  } catch {
    return undefined
  }
}

function nextOf(tokens: Tokenizer): Wire {
  if (tokens.done()) throw new Error('ends too early')
  const { type, value, byteValue = new Uint8Array() } = tokens.next()
  if (Type.equals(type, Type.null)) return null
  if (Type.equals(type, Type.true) || Type.equals(type, Type.false)) return value
  if (Type.equals(type, Type.uint) && typeof value === 'number') return value
  if (Type.equals(type, Type.bytes)) return value
  if (Type.equals(type, Type.string)) {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(byteValue)
  }
  if (!Type.equals(type, Type.array)) throw new Error('not of our part')
  const items: Wire[] = []
  while (items.length < value) items.push(nextOf(tokens))
  return items
}

/** Numbers and lengths around those at which a head grows (RFC 8949 §3). */
const EDGES = [23, 24, 25, 255, 256, 257, 65_535, 65_536, 65_537]
const LARGE = [2 ** 31, 2 ** 32 - 1, 2 ** 32, 2 ** 32 + 1, 2 ** 48 + 7, Number.MAX_SAFE_INTEGER]

const number = fc.oneof(fc.nat({ max: 300 }), fc.maxSafeNat(), fc.constantFrom(...EDGES, ...LARGE))
const word = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.string({ unit: 'binary-ascii', minLength: 20, maxLength: 300 }),
  fc.constantFrom('', '\uFEFF', '\uFEFFa', 'é'.repeat(12), '🚲'.repeat(6), 'é'.repeat(128)),
)
const { wire: anyWire } = fc.letrec<{ wire: Wire }>((tie) => ({
  wire: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    fc.constant(null),
    fc.boolean(),
    number,
    word,
    fc.uint8Array({ maxLength: 300 }),
    fc.array(tie('wire'), { maxLength: 30 }),
  ),
}))

describe('ID-4 our CBOR and that of cborg', () => {
  test('5,000 values have the same bytes, and come back from them', () => {
    fc.assert(
      fc.property(anyWire, (value) => {
        const encoded = encode(value)
        expect(encoded).toEqual(Uint8Array.from(encodeCborg(value, { float64: false })))
        expect(decode(encoded)).toEqual(value)
      }),
      { numRuns: 5000 },
    )
  })

  test.each([0, ...EDGES])('a number, text, byte string and list of %d', (length) => {
    const value = [
      length,
      'a'.repeat(length),
      'é'.repeat(length),
      '\u20ac'.repeat(length),
      new Uint8Array(length).fill(1),
      Array.from({ length }, () => null),
    ]
    // Not toEqual, which takes seconds for the long ones.
    expect(isDeepStrictEqual(encode(value), Uint8Array.from(encodeCborg(value)))).toBe(true)
    expect(isDeepStrictEqual(decode(encode(value)), value)).toBe(true)
  })

  test.each(LARGE)('the number %d', (value) => {
    expect(encode(value)).toEqual(Uint8Array.from(encodeCborg(value)))
    expect(decode(encode(value))).toBe(value)
  })

  test.each<[number, readonly number[], readonly number[]]>([
    [1, [23], [24]],
    [2, [0, 255], [1, 0]],
    [4, [0, 0, 255, 255], [0, 1, 0, 0]],
    [8, [0, 0, 0, 0, 255, 255, 255, 255], [0, 0, 0, 1, 0, 0, 0, 0]],
  ])('a number in %d bytes is the least or more that needs them', (length, below, least) => {
    const first = 24 + Math.log2(length)
    expect(decode(Uint8Array.of(first, ...below))).toBeUndefined()
    expect(decode(Uint8Array.of(first, ...least))).toBe(length === 1 ? 24 : 2 ** (4 * length))
  })

  test('C1 C3 20,000 mutated and made-up inputs are read alike or refused by both', () => {
    const seen = { read: 0, refused: 0 }
    fc.assert(
      fc.property(fc.oneof(mutated(), madeUp()), (input) => {
        const ours = decode(input)
        expect(ours).toEqual(decodeByCborg(input))
        if (ours === undefined) seen.refused++
        // What is read is the one encoding of its value.
        else {
          seen.read++
          expect(encode(ours)).toEqual(input)
        }
      }),
      { numRuns: 20_000 },
    )
    expect(seen.read).toBeGreaterThan(1000)
    expect(seen.refused).toBeGreaterThan(1000)
  })

  test('C1 every first byte, whatever stands behind it, is read alike or refused by both', () => {
    for (let first = 0; first < 256; first++) {
      for (const rest of [0x00, 0x01, 0x17, 0x18, 0xff]) {
        for (let length = 0; length < 12; length++) {
          const input = Uint8Array.of(first, ...new Uint8Array(length).fill(rest))
          const alike = isDeepStrictEqual(decode(input), decodeByCborg(input))
          expect([...input, alike]).toEqual([...input, true])
        }
      }
    }
  })
})

/** One to three bytes of an encoding replaced, or some cut or inserted. */
function mutated(): fc.Arbitrary<Uint8Array> {
  const change = fc.record({
    place: fc.nat(),
    removed: fc.nat({ max: 3 }),
    inserted: fc.uint8Array({ maxLength: 3 }),
  })
  return fc.tuple(anyWire, change).map(([value, { place, removed, inserted }]) => {
    const encoded = encode(value)
    const at = place % (encoded.length + 1)
    return Uint8Array.of(...encoded.subarray(0, at), ...inserted, ...encoded.subarray(at + removed))
  })
}

/** Heads of every kind and length, and what may stand behind them. */
function madeUp(): fc.Arbitrary<Uint8Array> {
  const byte = fc.oneof(
    fc.nat({ max: 255 }),
    fc.constantFrom(0, 1, 0x17, 0x18, 0x19, 0x1a, 0x1b, 0x40, 0x58, 0x61, 0x78, 0x81, 0x98, 0xf6),
  )
  return fc.array(byte, { maxLength: 12 }).map((some) => Uint8Array.from(some))
}

describe('ID-4 one writer for all', () => {
  const inner = codec(record({ word: text({ max: 100_000 }) }), { maxBytes: 400_000 })
  const nested = mapped(
    bytes({ max: 400_000 }),
    (word: string) => inner.encode({ word }),
    (encoded) => inner.decode(encoded).word,
  )
  const outer = codec(list(nested, { max: 8 }), { maxBytes: 2_000_000 })

  test('what encodes while it is being encoded stands where it belongs, of any size', () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 30_000 }), { maxLength: 6 }), (lengths) => {
        const words = lengths.map((length) => 'é'.repeat(length))
        const inside = words.map((word) => encodeCborg([word]))
        const encoded = outer.encode(words)
        expect(isDeepStrictEqual(encoded, Uint8Array.from(encodeCborg(inside)))).toBe(true)
        expect(isDeepStrictEqual(outer.decode(encoded), words)).toBe(true)
      }),
      { numRuns: 50 },
    )
  })

  test('what is refused half-way leaves nothing behind', () => {
    const numbers = codec(list(uint({ max: 9 }), { max: 4 }), { maxBytes: 16 })
    const within = codec(
      list(
        mapped(
          uint(),
          (value: number) => {
            expect(() => numbers.encode([1, 2, value])).toThrow(KithError)
            return value
          },
          (value) => value,
        ),
        { max: 4 },
      ),
      { maxBytes: 16 },
    )
    expect(within.encode([10, 11])).toEqual(Uint8Array.of(0x82, 10, 11))
    expect(numbers.encode([1])).toEqual(Uint8Array.of(0x81, 1))
  })

  test('an encoding is in memory of its own', () => {
    const numbers = codec(uint(), { maxBytes: 9 })
    const [first, second] = [numbers.encode(1), numbers.encode(2)]
    expect([first, second]).toEqual([Uint8Array.of(1), Uint8Array.of(2)])
    expect([first.buffer.byteLength, second.buffer.byteLength]).toEqual([1, 1])
  })

  test('so is every byte string that was read, to the length of the input', () => {
    const pair = codec(list(bytes({ max: 400 }), { max: 2 }), { maxBytes: 1000 })
    const input = pair.encode([new Uint8Array(4).fill(1), new Uint8Array(300).fill(2)])
    const read = pair.decode(input)
    input.fill(9)
    expect(read).toEqual([new Uint8Array(4).fill(1), new Uint8Array(300).fill(2)])
    expect(read.map((part) => part.buffer.byteLength)).toEqual([4, 300])
  })

  test('nothing that was written stays in it, of whatever size and also after a refusal', () => {
    const lent: CborWriter[] = []
    const left = (length: number, fails: boolean): boolean => {
      const before: Uint8Array[] = []
      const run = () =>
        written((writer) => {
          lent.push(writer)
          before.push(writer.bytes)
          // In two parts, so that it also grows while something is in it.
          for (const part of [length, 10 * length]) {
            writeBytes(writer, new Uint8Array(part).fill(7))
            before.push(writer.bytes)
          }
          if (fails) throw new Error('refused')
        })
      if (fails) expect(run).toThrow('refused')
      else run()
      return before.some((buffer) => buffer.includes(7))
    }
    for (const length of [16, 5000, 100_000, 1_000_000]) {
      expect([length, left(length, false), left(length, true)]).toEqual([length, false, false])
    }
    expect(lent.every(({ at, bytes: { length } }) => at === 0 && length <= 256 * 1024)).toBe(true)
  })
})
