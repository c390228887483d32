import {
  bool,
  bytes,
  type Codec,
  codec,
  deviceId,
  type Infer,
  KithError,
  list,
  mapped,
  optional,
  record,
  type Shape,
  uint,
  variants,
} from '@kithmesh/protocol'
import { MAX_SEQ } from '../log/lane.ts'
import { laneShape, recordBodyShape } from '../log/record.ts'
import { isRangeSet, type Range, type RangeSet } from '../range-set.ts'

/** Largest frame either side sends (ALOG-13). */
export const MAX_FRAME_BYTES: number = 256 * 1024
/** Records in one frame and in one want: half of what may be unacknowledged, so that two wants keep the line busy. */
export const MAX_RECORDS_PER_FRAME = 128
/** Lanes in one frame of holdings. */
export const MAX_LANES_PER_FRAME = 64
/** Ranges told of one lane: 64 lanes of them fit a frame. Of a log with more holes the newest are told. */
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

const laneFields = { device: deviceId, lane: laneShape }

/** What one device has of one lane. */
const heldLane = record({
  ...laneFields,
  stored: rangesShape(MAX_RANGES),
  covered: rangesShape(MAX_RANGES),
  tip: optional(record({ seq: uint({ max: MAX_SEQ }), hash: bytes({ length: 32 }) })),
})

const span = record({ ...laneFields, from: uint({ max: MAX_SEQ }), to: uint({ max: MAX_SEQ }) })

const records = list(recordBodyShape, { max: MAX_RECORDS_PER_FRAME })

const frame = variants('kind', {
  /** All I hold, in one or more frames; the last one says where my newest snapshot stands. */
  holds: record({
    lanes: list(heldLane, { max: MAX_LANES_PER_FRAME }),
    last: bool(),
    snapshot: optional(span),
  }),
  /** I hold this too now. */
  held: record({ lanes: list(heldLane, { max: MAX_LANES_PER_FRAME }) }),
  /** Send me these. */
  want: record({ id: uint(), ...laneFields, ranges: rangesShape(MAX_RANGES_PER_WANT) }),
  /** Some of what was wanted; with the last of them, what is not to be had here. */
  records: record({
    id: uint(),
    records,
    last: bool(),
    absent: rangesShape(MAX_RECORDS_PER_FRAME),
  }),
  /** New ones of mine, unasked. */
  live: record({ id: uint(), lane: laneShape, records }),
  /** I have dealt with that `live`: what I could take is durable. */
  done: record({ id: uint() }),
  /** My state cannot be made whole from records: please write a snapshot. */
  'ask-snapshot': record({}),
})

/** What two siblings say to each other (ALOG-11). */
export type ExchangeFrame = Infer<typeof frame>
/** One lane as it is told to a sibling. */
export type HeldLane = Infer<typeof heldLane>
/** A frame of one kind. */
export type FrameOf<K extends ExchangeFrame['kind']> = Extract<ExchangeFrame, { kind: K }>

/** Frames in bytes. */
export const frameCodec: Codec<ExchangeFrame> = codec(frame, { maxBytes: MAX_FRAME_BYTES })
