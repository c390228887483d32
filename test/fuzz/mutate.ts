/** Changes to an encoding that a hostile hand would make: some blind, most of them to what CBOR says of itself. */

/** A whole number from 0, below `below`. */
export type Random = (below: number) => number

/** Choices that the same seed makes again (mulberry32). */
export function randomOf(seed: number): Random {
  let state = seed >>> 0
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296) * below)
  }
}

/** An encoding, and where its items stand. */
export interface Sample {
  readonly bytes: Uint8Array
  readonly items: readonly Item[]
}

/** One item of CBOR (RFC 8949 §3): its head, and what belongs to it. */
interface Item {
  readonly at: number
  readonly head: number
  readonly major: number
  readonly value: bigint
  /** Behind its last byte, children included. */
  readonly end: number
}

/** An encoding of ours with its items: of known lengths, and none deeper than its shape. */
export function sampleOf(bytes: Uint8Array): Sample {
  const items: Item[] = []
  readItem(bytes, 0, items)
  return { bytes, items }
}

function readItem(bytes: Uint8Array, at: number, items: Item[]): number {
  const first = bytes[at] ?? 0
  const [major, info] = [first >> 5, first & 31]
  const width = info < 24 ? 0 : 1 << (info - 24)
  let value = width === 0 ? BigInt(info) : 0n
  for (let place = 1; place <= width; place++) value = value * 256n + BigInt(bytes[at + place] ?? 0)
  const head = 1 + width
  const place = items.length
  let end = at + head
  items.push({ at, head, major, value, end })
  if (major === 2 || major === 3) end += Number(value)
  if (major === 4) for (let left = value; left > 0n; left--) end = readItem(bytes, end, items)
  items[place] = { at, head, major, value, end }
  return end
}

/** Lengths that break readers (C3). */
const BOUNDARIES: readonly bigint[] = [
  ...[0n, 1n, 23n, 24n, 255n, 256n, 65_535n, 65_536n],
  ...[2n ** 31n - 1n, 2n ** 31n, 2n ** 32n - 1n, 2n ** 32n],
  ...[2n ** 53n - 1n, 2n ** 53n, 2n ** 63n, 2n ** 64n - 1n],
]

/** One in so many inputs is as long as the decoder allows: these show what costs more than it should. */
const BULK_ONE_IN = 1000

/** One more input, made of `sample` and, where two are spliced, of `other`. */
export function mutate(
  random: Random,
  {
    sample,
    other,
    maxBytes,
  }: { readonly sample: Sample; readonly other: Sample; readonly maxBytes: number },
): Uint8Array {
  if (random(BULK_ONE_IN) === 0) return bulk(random, sample, maxBytes)
  const changed = change(random, sample, other, maxBytes)
  // Now and then a second change, blind since the items have moved.
  return random(4) === 0 ? mutateBlindly(random, changed) : changed
}

function change(random: Random, sample: Sample, other: Sample, maxBytes: number): Uint8Array {
  const { bytes, items } = sample
  const item = pick(random, items)
  switch (random(8)) {
    case 0:
      return withHead(bytes, item, item.major, pick(random, BOUNDARIES), random)
    case 1:
      return withHead(bytes, item, item.major, near(random, item, maxBytes), random)
    case 2:
      return withHead(bytes, item, random(8), item.value, random)
    case 3: {
      const { at, end } = pick(random, other.items)
      return replaced(bytes, item, other.bytes.subarray(at, end))
    }
    case 4:
      return replaced(bytes, item, pick(random, ODD_ITEMS))
    case 5: {
      const { at, end } = pick(random, items)
      return joined(bytes.subarray(0, item.at), bytes.subarray(at, end), bytes.subarray(item.at))
    }
    case 6:
      return bytes.slice(
        0,
        random(2) === 0 ? item.at + random(item.head + 1) : random(bytes.length),
      )
    default:
      return mutateBlindly(random, bytes)
  }
}

/** One more, one less, or around the limit on the whole. */
function near(random: Random, { value }: Item, maxBytes: number): bigint {
  const wide = pick(random, [value + 1n, value - 1n, BigInt(maxBytes), BigInt(maxBytes) + 1n])
  return wide < 0n ? 0n : wide
}

/** What stands where something else is expected: simple values, floats, tags, streams, breaks, depth. */
const ODD_ITEMS: readonly Uint8Array[] = [
  ...[
    '',
    '00',
    '20',
    '40',
    '60',
    '80',
    'a0',
    'c0',
    'f4',
    'f5',
    'f6',
    'f7',
    'ff',
    'f90000',
    'f97e00',
  ],
  ...['9fff', '5fff', '7fff', 'bfff', 'a1f6f6', 'fb7ff0000000000000', '62c080', '61ff', 'f818'],
  ...['8181818181818181818181818180', '6a5f5f70726f746f5f5f'],
].map((hex) => Uint8Array.from(Buffer.from(hex, 'hex')))

/** One change to bytes of which nothing is known. */
export function mutateBlindly(random: Random, bytes: Uint8Array): Uint8Array {
  const at = random(bytes.length)
  const junk = Uint8Array.from({ length: 1 + random(8) }, () => random(256))
  switch (random(5)) {
    case 0:
    case 1: {
      const copy = bytes.slice()
      copy[at] = (copy[at] ?? 0) ^ (1 << random(8))
      return copy
    }
    case 2: {
      const copy = bytes.slice()
      copy.set(junk.subarray(0, copy.length - at), at)
      return copy
    }
    case 3:
      return joined(bytes.subarray(0, at), junk, bytes.subarray(at))
    default:
      return joined(bytes.subarray(0, at), bytes.subarray(at + 1 + random(8)))
  }
}

/** Limits of our lists, and one over some of them. */
const FULL_LISTS: readonly number[] = [8, 16, 64, 128, 256, 512, 1000, 1024, 1025, 2000, 4096]

/** As long as may be: one item over and over, with the count of its list put right, or depth and nothing else. */
function bulk(random: Random, { bytes, items }: Sample, maxBytes: number): Uint8Array {
  const lists = items.filter(({ major, value }) => major === 4 && value > 0n)
  if (lists.length === 0 || random(4) === 0) {
    return new Uint8Array(maxBytes + random(2)).fill(pick(random, [0x81, 0x00, 0x9f, 0xf6, 0x9a]))
  }
  const list = pick(random, lists)
  const child = items.find(({ at }) => at === list.at + list.head) ?? list
  const one = bytes.subarray(child.at, child.end)
  const room = Math.floor(Math.max(0, maxBytes - bytes.length) / Math.max(1, one.length))
  // Mostly as many as a list may have, so that all of them are read.
  const wanted = random(4) === 0 ? room : pick(random, FULL_LISTS) - Number(list.value)
  const count = Math.max(0, Math.min(room, wanted))
  const copies = new Uint8Array(count * one.length)
  for (let at = 0; at < copies.length; at += one.length) copies.set(one, at)
  const head = headOf(4, list.value + BigInt(count), 0)
  return joined(bytes.subarray(0, list.at), head, copies, bytes.subarray(list.at + list.head))
}

function withHead(
  bytes: Uint8Array,
  { at, head }: Item,
  major: number,
  value: bigint,
  random: Random,
): Uint8Array {
  // Mostly as short as may be, as the reader wants it.
  const written = headOf(major, value, random(4) === 0 ? random(4) : 0)
  return joined(bytes.subarray(0, at), written, bytes.subarray(at + head))
}

/** A head, `longer` steps wider than it need be. */
function headOf(major: number, value: bigint, longer: number): Uint8Array {
  const needed = [24n, 2n ** 8n, 2n ** 16n, 2n ** 32n, 2n ** 64n].findIndex((end) => value < end)
  const step = Math.min(4, needed + longer)
  if (step === 0) return Uint8Array.of((major << 5) | Number(value))
  const width = 1 << (step - 1)
  const head = new Uint8Array(1 + width)
  head[0] = (major << 5) | (23 + step)
  let rest = value
  for (let at = width; at > 0; at--) {
    head[at] = Number(rest & 255n)
    rest >>= 8n
  }
  return head
}

function replaced(bytes: Uint8Array, { at, end }: Item, by: Uint8Array): Uint8Array {
  return joined(bytes.subarray(0, at), by, bytes.subarray(end))
}

function joined(...parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}

function pick<T>(random: Random, items: readonly T[]): T {
  const item = items[random(items.length)]
  if (item === undefined) throw new Error('nothing to pick from')
  return item
}
