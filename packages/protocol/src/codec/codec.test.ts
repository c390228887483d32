import { encode as encodeCbor } from 'cborg'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isKithError, KithError } from '../errors.ts'
import { equalBytes } from './bytes.ts'
import { type Codec, codec } from './codec.ts'
import {
  bool,
  bytes,
  type Infer,
  list,
  mapped,
  optional,
  record,
  suite,
  text,
  uint,
  variants,
} from './shape.ts'

const bodyShape = variants('kind', {
  note: record({ title: text({ max: 40 }), stars: uint({ max: 5 }), pinned: bool() }),
  sketch: record({ id: bytes({ length: 4 }), strokes: list(bytes({ max: 8 }), { max: 6 }) }),
})
const entryShape = record({
  suite: suite(1),
  at: uint(),
  until: optional(uint()),
  body: bodyShape,
})
type Entry = Infer<typeof entryShape>
const entryCodec: Codec<Entry> = codec(entryShape, { maxBytes: 256 })

const noteArbitrary = fc.record({
  kind: fc.constant('note' as const),
  title: fc.string({ unit: 'grapheme', maxLength: 6 }).filter((title) => utf8(title).length <= 40),
  stars: fc.integer({ min: 0, max: 5 }),
  pinned: fc.boolean(),
})
const sketchArbitrary = fc.record({
  kind: fc.constant('sketch' as const),
  id: fc.uint8Array({ minLength: 4, maxLength: 4 }),
  strokes: fc.array(fc.uint8Array({ maxLength: 8 }), { maxLength: 6 }),
})
const entryArbitrary: fc.Arbitrary<Entry> = fc.record(
  {
    suite: fc.constant(1 as const),
    at: fc.maxSafeNat(),
    until: fc.maxSafeNat(),
    body: fc.oneof(noteArbitrary, sketchArbitrary),
  },
  { requiredKeys: ['suite', 'at', 'body'] },
)

function utf8(value: string): Uint8Array {
  return new TextEncoder().encode(value)
}

function codeOf(run: () => unknown): string {
  try {
    run()
    return 'no error'
  } catch (error) {
    return error instanceof KithError ? error.code : `not a KithError: ${error}`
  }
}

describe('ID-4 one value has one encoding', () => {
  test('round trip of any value of the shape', () => {
    fc.assert(
      fc.property(entryArbitrary, (entry) => {
        expect(entryCodec.decode(entryCodec.encode(entry))).toEqual(entry)
      }),
    )
  })

  test('C1 C3 20,000 mutated inputs are refused with ERR_MALFORMED or mean exactly their bytes', () => {
    const seen = { refused: 0, accepted: 0 }
    fc.assert(
      fc.property(entryArbitrary, mutation(), (entry, mutate) => {
        const input = mutate(entryCodec.encode(entry))
        try {
          const decoded = entryCodec.decode(input)
          seen.accepted++
          return equalBytes(entryCodec.encode(decoded), input)
        } catch (error) {
          seen.refused++
          return isKithError(error, 'ERR_MALFORMED') || isKithError(error, 'ERR_SUITE_UNKNOWN')
        }
      }),
      { numRuns: 20_000 },
    )
    expect(seen.refused).toBeGreaterThan(5_000)
    expect(seen.accepted).toBeGreaterThan(100)
  })

  test('C1 20,000 inputs of any bytes throw nothing but KithError', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (input) =>
        ['ERR_MALFORMED', 'ERR_SUITE_UNKNOWN', 'no error'].includes(
          codeOf(() => entryCodec.decode(input)),
        ),
      ),
      { numRuns: 20_000 },
    )
  })
})

describe('ID-4 what is not the one encoding is refused', () => {
  const number = codec(uint(), { maxBytes: 16 })
  const word = codec(text({ max: 8 }), { maxBytes: 16 })
  const blob = codec(bytes({ max: 4 }), { maxBytes: 16 })
  const rows = codec(list(uint(), { max: 3 }), { maxBytes: 16 })
  const pair = codec(record({ a: uint(), b: optional(uint()) }), { maxBytes: 64 })

  test.each<[string, Codec<never> | Codec<unknown>, readonly number[]]>([
    ['a number longer than needed', number, [0x18, 0x05]],
    ['a 64-bit number that 32 bits hold', number, [0x1b, 0, 0, 0, 0, 0, 0, 0, 5]],
    ['a number above 2^53', number, [0x1b, 0x00, 0x20, 0, 0, 0, 0, 0, 0]],
    ['a number of 2^64 - 1', number, [0x1b, 255, 255, 255, 255, 255, 255, 255, 255]],
    ['a negative number', number, [0x20]],
    ['a float of a whole number', number, [0xf9, 0x3c, 0x00]],
    ['a tagged number', number, [0xc1, 0x01]],
    ['undefined', number, [0xf7]],
    ['a simple value in two bytes', number, [0xf8, 0x14]],
    ['nothing', number, []],
    ['trailing bytes', number, [0x05, 0x00]],
    ['text for a number', number, [0x61, 0x31]],
    ['invalid UTF-8', word, [0x61, 0xff]],
    ['an encoded surrogate', word, [0x63, 0xed, 0xa0, 0x80]],
    ['over-long UTF-8', word, [0x62, 0xc0, 0x80]],
    ['text over its limit', word, [0x69, ...Array.from({ length: 9 }, () => 0x61)]],
    ['text in chunks', word, [0x7f, 0x61, 0x61, 0xff]],
    ['bytes in chunks', blob, [0x5f, 0x41, 0x00, 0xff]],
    ['bytes announced but missing', blob, [0x5a, 0x7f, 0xff, 0xff, 0xff]],
    ['2^53 - 1 bytes announced', blob, [0x5b, 0, 0x1f, 255, 255, 255, 255, 255, 255]],
    ['bytes over their limit', blob, [0x45, 1, 2, 3, 4, 5]],
    ['a list of unknown length', rows, [0x9f, 0x01, 0xff]],
    ['2^32 - 1 items announced', rows, [0x9a, 255, 255, 255, 255]],
    ['one item too many', rows, [0x84, 1, 2, 3, 4]],
    ['one item too few', rows, [0x83, 1, 2]],
    ['a break in a list', rows, [0x82, 1, 0xff]],
    ['C4 a map with a __proto__ key', pair, [...encodeCbor({ ['__proto__']: 1 })]],
    ['a map', pair, [0xa1, 0x61, 0x61, 0x01]],
    ['a record one field short', pair, [0x81, 0x01]],
    ['a record one field long', pair, [0x83, 0x01, 0x02, 0x03]],
    ['C1 nesting deeper than the shape', pair, Array.from({ length: 64 }, () => 0x81)],
  ])('%s', (_, anyCodec, input) => {
    expect(codeOf(() => anyCodec.decode(Uint8Array.from(input)))).toBe('ERR_MALFORMED')
  })

  test('a byte order mark is kept, so that one text has one encoding', () => {
    expect(word.decode(word.encode('\uFEFFa'))).toBe('\uFEFFa')
  })

  test('an unknown variant and an unknown suite each have their own answer', () => {
    const unknownKind = encodeCbor([1, 7, null, ['opera', [1]]])
    const unknownSuite = encodeCbor([2, 7, null, ['note', ['t', 1, false]]])
    expect(codeOf(() => entryCodec.decode(unknownKind))).toBe('ERR_MALFORMED')
    expect(codeOf(() => entryCodec.decode(unknownSuite))).toBe('ERR_SUITE_UNKNOWN')
  })

  test('C4 a variant named like a property of every object is unknown', () => {
    for (const name of ['__proto__', 'constructor', 'toString']) {
      expect(codeOf(() => entryCodec.decode(encodeCbor([1, 7, null, [name, []]])))).toBe(
        'ERR_MALFORMED',
      )
    }
  })

  test('what a mapped shape reads from two encodings is read from the one it writes', () => {
    const digit = mapped(
      uint(),
      (value: number) => value,
      (wire) => wire % 10,
    )
    const digits = codec(record({ long: bytes({ length: 200 }), digit }), { maxBytes: 256 })
    const [two, twelve] = [2, 12].map((last) => encodeCbor([new Uint8Array(200), last]))
    expect(digits.decode(Uint8Array.from(two ?? [])).digit).toBe(2)
    expect(codeOf(() => digits.decode(Uint8Array.from(twelve ?? [])))).toBe('ERR_MALFORMED')
  })

  test('the whole is limited before anything is read', () => {
    expect(codeOf(() => number.decode(new Uint8Array(17)))).toBe('ERR_MALFORMED')
    expect(() => number.decode(new Uint8Array(17))).toThrow('over 16 bytes')
  })

  test('a Buffer decodes to arrays of their own', () => {
    const input = Buffer.from(blob.encode(Uint8Array.of(1, 2)))
    const decoded = blob.decode(input)
    input.fill(9)
    expect(decoded).toEqual(Uint8Array.of(1, 2))
    expect(Buffer.isBuffer(decoded)).toBe(false)
  })
})

describe('ID-4 what does not fit is not written', () => {
  test.each<[string, () => unknown, string]>([
    [
      'a lone surrogate',
      () => codec(text({ max: 8 }), { maxBytes: 16 }).encode('\ud800'),
      'ERR_MALFORMED',
    ],
    [
      'text too long',
      () => codec(text({ max: 3 }), { maxBytes: 16 }).encode('éé'),
      'ERR_TOO_LARGE',
    ],
    [
      'bytes of another length',
      () => codec(bytes({ length: 2 }), { maxBytes: 16 }).encode(Uint8Array.of(1)),
      'ERR_TOO_LARGE',
    ],
    [
      'a list too long',
      () => codec(list(uint(), { max: 1 }), { maxBytes: 16 }).encode([1, 2]),
      'ERR_TOO_LARGE',
    ],
    ['a fraction', () => codec(uint(), { maxBytes: 16 }).encode(0.5), 'ERR_MALFORMED'],
    ['a negative number', () => codec(uint(), { maxBytes: 16 }).encode(-1), 'ERR_MALFORMED'],
    [
      'the whole too long',
      () => codec(bytes({ max: 64 }), { maxBytes: 16 }).encode(new Uint8Array(32)),
      'ERR_TOO_LARGE',
    ],
  ])('%s', (_, encode, code) => {
    expect(codeOf(encode)).toBe(code)
  })
})

/** Turns an encoding into another input: bits flipped, bytes cut, doubled, inserted, replaced. */
function mutation(): fc.Arbitrary<(input: Uint8Array) => Uint8Array> {
  const place = fc.nat({ max: 255 })
  const flip = fc.tuple(place, fc.nat({ max: 7 })).map(([at, bit]) => (input: Uint8Array) => {
    const copy = Uint8Array.from(input)
    const index = at % copy.length
    copy[index] = (copy[index] ?? 0) ^ (1 << bit)
    return copy
  })
  const cut = place.map((at) => (input: Uint8Array) => input.slice(0, at % input.length))
  const insert = fc.tuple(place, fc.uint8Array({ minLength: 1, maxLength: 9 }))
  const inserted = insert.map(([at, extra]) => (input: Uint8Array) => {
    const index = at % (input.length + 1)
    return Uint8Array.from([...input.subarray(0, index), ...extra, ...input.subarray(index)])
  })
  const replaced = insert.map(([at, extra]) => (input: Uint8Array) => {
    const copy = Uint8Array.from(input)
    copy.set(extra.subarray(0, copy.length - (at % copy.length)), at % copy.length)
    return copy
  })
  return fc.oneof(flip, cut, inserted, replaced)
}
