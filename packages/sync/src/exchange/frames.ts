import {
  bool,
  bytes,
  type Codec,
  codec,
  deviceId,
  KithError,
  list,
  mapped,
  optional,
  record,
  type Shape,
  uint,
  variants,
} from '@kithmesh/protocol'
import type { Tip } from '../log/holdings.ts'
import { type Lane, type LaneId, type LaneSpan, MAX_SEQ } from '../log/lane.ts'
import { MAX_PACKED, type Pack } from '../log/pack.ts'
import { epochIdShape, type LogRecordBody, laneShape, recordBodyShape } from '../log/record.ts'
import { isRangeSet, type Range, type RangeSet } from '../range-set.ts'

/** Largest frame either side sends (ALOG-13). */
export const MAX_FRAME_BYTES: number = 256 * 1024
/**
 * Records in one frame and in one want: half of what may be unacknowledged, so that two wants
 * keep the line busy. What they take is bounded by bytes, in frames and in wants.
 */
export const MAX_RECORDS_PER_FRAME: number = MAX_PACKED
/** Lanes in one frame of holdings. */
export const MAX_LANES_PER_FRAME = 64
/**
 * Ranges told of one lane: 64 lanes of them fit a frame. Of a log with more holes the newest are
 * told.
 */
export const MAX_RANGES = 64
/** Ranges asked for at once. */
export const MAX_RANGES_PER_WANT = 64

const range: Shape<Range> = record({ from: uint({ max: MAX_SEQ }), to: uint({ max: MAX_SEQ }) })

function rangesShape(max: number): Shape<RangeSet> {
  return mapped<RangeSet, RangeSet>(
    list(range, { max }),
    (ranges) => ranges,
    (ranges) => {
      if (isRangeSet(ranges)) return ranges
      throw new KithError('ERR_MALFORMED', 'ranges out of order')
    },
  )
}

/** One lane as it is told to a sibling. */
export interface HeldLane extends LaneId {
  readonly stored: RangeSet
  readonly covered: RangeSet
  readonly tip?: Tip
}

/** What two siblings say to each other (ALOG-11). */
export type ExchangeFrame =
  /** All I hold, in one or more frames; the last one says where my widest snapshot stands. */
  | {
      readonly kind: 'holds'
      readonly lanes: readonly HeldLane[]
      readonly last: boolean
      readonly snapshot?: LaneSpan
    }
  /** I hold this too now, durably. */
  | { readonly kind: 'held'; readonly lanes: readonly HeldLane[] }
  /** Send me these. */
  | ({ readonly kind: 'want'; readonly id: number; readonly ranges: RangeSet } & LaneId)
  /**
   * Some of what was wanted, packed or as they are; with the last of them, what is not to be had here.
   */
  | {
      readonly kind: 'records'
      readonly id: number
      readonly records: readonly LogRecordBody[]
      readonly pack?: Pack
      readonly last: boolean
      readonly absent: RangeSet
    }
  /** New ones of mine, unasked. */
  | {
      readonly kind: 'live'
      readonly id: number
      readonly lane: Lane
      readonly records: readonly LogRecordBody[]
    }
  /** I have dealt with that `live`: what I could take is durable. */
  | { readonly kind: 'done'; readonly id: number }
  /** My state cannot be made whole from records: please write a snapshot. */
  | { readonly kind: 'ask-snapshot' }

/** A frame of one kind. */
export type FrameOf<K extends ExchangeFrame['kind']> = Extract<ExchangeFrame, { kind: K }>

const laneFields = { device: deviceId, lane: laneShape }

const heldLane = record({
  ...laneFields,
  stored: rangesShape(MAX_RANGES),
  covered: rangesShape(MAX_RANGES),
  tip: optional(record({ seq: uint({ max: MAX_SEQ }), hash: bytes({ length: 32 }) })),
})

const span = record({ ...laneFields, from: uint({ max: MAX_SEQ }), to: uint({ max: MAX_SEQ }) })

const pack: Shape<Pack> = record({
  epoch: epochIdShape,
  places: rangesShape(MAX_RECORDS_PER_FRAME),
  sealed: bytes({ max: MAX_FRAME_BYTES }),
})

const records = list(recordBodyShape, { max: MAX_RECORDS_PER_FRAME })

const lanes = list(heldLane, { max: MAX_LANES_PER_FRAME })

/** Frames in bytes. */
export const frameCodec: Codec<ExchangeFrame> = codec(
  variants('kind', {
    holds: record({ lanes, last: bool(), snapshot: optional(span) }),
    held: record({ lanes }),
    want: record({ id: uint(), ...laneFields, ranges: rangesShape(MAX_RANGES_PER_WANT) }),
    records: record({
      id: uint(),
      records,
      pack: optional(pack),
      last: bool(),
      absent: rangesShape(MAX_RECORDS_PER_FRAME),
    }),
    live: record({ id: uint(), lane: laneShape, records }),
    done: record({ id: uint() }),
    'ask-snapshot': record({}),
  }),
  { maxBytes: MAX_FRAME_BYTES },
)
