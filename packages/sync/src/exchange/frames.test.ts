import { isKithError } from '@kithmesh/protocol'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { epochIdFromBytes } from '../log/epochs.ts'
import { MAX_SEALED_BYTES } from '../log/record.ts'
import { deviceNumber } from '../testing/ids.ts'
import {
  type ExchangeFrame,
  frameCodec,
  MAX_FRAME_BYTES,
  MAX_LANES_PER_FRAME,
  MAX_RANGES,
} from './frames.ts'

const DEVICE = deviceNumber(1)
const record = {
  seq: 7,
  epoch: epochIdFromBytes(new Uint8Array(16).fill(3)),
  prev: new Uint8Array(32).fill(1),
  sealed: new Uint8Array(60).fill(2),
  signature: new Uint8Array(64).fill(4),
}
const ranges = [
  { from: 1, to: 5 },
  { from: 8, to: 2 ** 40 },
]
const lane = { device: DEVICE, lane: 'data', stored: ranges, covered: [] } as const
const tip = { seq: 9, hash: new Uint8Array(32) }

/** One of each kind, with everything that may be left out present once and left out once. */
const FRAMES: readonly ExchangeFrame[] = [
  { kind: 'holds', lanes: [lane, { ...lane, lane: 'messages', tip }], last: false },
  {
    kind: 'holds',
    lanes: [],
    last: true,
    snapshot: { device: DEVICE, lane: 'data', from: 1, to: 2 },
  },
  { kind: 'held', lanes: [lane] },
  { kind: 'want', id: 1, device: DEVICE, lane: 'messages', ranges },
  { kind: 'records', id: 1, records: [record, record], last: true, absent: ranges },
  { kind: 'live', id: 2, lane: 'data', records: [record] },
  { kind: 'done', id: 2 },
  { kind: 'ask-snapshot' },
]

test.each(FRAMES.map((frame) => [frame.kind, frame] as const))(
  'ALOG-13 %s is in bytes what it was',
  (_, frame) => {
    expect(frameCodec.decode(frameCodec.encode(frame))).toEqual(frame)
  },
)

test('ALOG-13 the largest record and the fullest holdings fit one frame', () => {
  const sealed = new Uint8Array(MAX_SEALED_BYTES)
  const records: ExchangeFrame = {
    kind: 'live',
    id: 1,
    lane: 'data',
    records: [{ ...record, sealed }],
  }
  expect(frameCodec.encode(records).length).toBeLessThanOrEqual(MAX_FRAME_BYTES)
  const far = 2 ** 52
  const holes = Array.from({ length: MAX_RANGES }, (_, at) => ({
    from: far + 3 * at,
    to: far + 3 * at,
  }))
  const full = { device: DEVICE, lane: 'data', stored: holes, covered: holes, tip } as const
  const lanes = Array.from({ length: MAX_LANES_PER_FRAME }, () => full)
  const holds = frameCodec.encode({ kind: 'holds', lanes, last: true })
  expect(holds.length).toBeLessThanOrEqual(MAX_FRAME_BYTES)
})

test('C1 C3 mutated frames are frames or malformed, and nothing else', () => {
  const honest = FRAMES.map((frame) => frameCodec.encode(frame))
  const mutation = fc.record({
    which: fc.nat({ max: honest.length - 1 }),
    edits: fc.array(fc.record({ at: fc.nat(), byte: fc.integer({ min: 0, max: 255 }) }), {
      minLength: 1,
      maxLength: 3,
    }),
    cut: fc.option(fc.nat(), { nil: undefined }),
  })
  fc.assert(
    fc.property(mutation, ({ which, edits, cut }) => {
      const bytes = (honest[which] ?? new Uint8Array()).slice()
      for (const { at, byte } of edits) bytes[at % bytes.length] = byte
      const frame = cut === undefined ? bytes : bytes.slice(0, cut % bytes.length)
      try {
        expect(frameCodec.encode(frameCodec.decode(frame))).toEqual(frame)
      } catch (error) {
        if (!isKithError(error, 'ERR_MALFORMED')) throw error
      }
    }),
    { numRuns: 5_000 },
  )
})
