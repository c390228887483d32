import {
  type Codec,
  codec,
  type DeviceId,
  deviceId,
  KithError,
  list,
  mapped,
  record,
  type Shape,
  uint,
} from '@kithmesh/protocol'
import { isRangeSet, type RangeSet } from '@kithmesh/sync'
import { REPAIR } from '../protocols.ts'

/** Authors in one question: an account has 8 devices, and had others. */
export const MAX_AUTHORS = 16
/** Runs of numbers of one author in one question or answer. */
export const MAX_RUNS = 256

/** From who misses something to a device of the account that wrote it, for the chat of both accounts. */
export interface RepairQuestion {
  readonly authors: readonly { readonly device: DeviceId; readonly numbers: RangeSet }[]
}

/** What became of the numbers asked for; of those it does not name nothing is said yet. */
export interface RepairAnswer {
  readonly authors: readonly AnsweredNumbers[]
}

/** Numbers of one author device. */
export interface AnsweredNumbers {
  readonly device: DeviceId
  /** On their way, by the outbox of who answers. */
  readonly coming: RangeSet
  /** Written before the asking device was linked: its siblings have them (DEL-60). */
  readonly past: RangeSet
  /** Not on this device. */
  readonly absent: RangeSet
}

const runs: Shape<RangeSet> = mapped(
  list(record({ from: uint(), to: uint() }), { max: MAX_RUNS }),
  (ranges) => ranges,
  (ranges) => {
    if (isRangeSet(ranges)) return ranges
    throw new KithError('ERR_MALFORMED', 'runs of numbers out of order')
  },
)

type AskedNumbers = RepairQuestion['authors'][number]

const asked: Shape<readonly AskedNumbers[]> = mapped(
  list(record({ device: deviceId, numbers: runs }), { max: MAX_AUTHORS }),
  askedOfSome,
  askedOfSome,
)

/** A question about nothing is none: nothing of its stream could be told from an answer. */
function askedOfSome(authors: readonly AskedNumbers[]): readonly AskedNumbers[] {
  if (authors.length > 0) return authors
  throw new KithError('ERR_MALFORMED', 'a question without an author')
}

/** Frames of `/kith/repair/1`, a codec for each direction. */
export const repairQuestionCodec: Codec<RepairQuestion> = codec(record({ authors: asked }), {
  maxBytes: REPAIR.maxFrameBytes,
})
export const repairAnswerCodec: Codec<RepairAnswer> = codec(
  record({
    authors: list(record({ device: deviceId, coming: runs, past: runs, absent: runs }), {
      max: MAX_AUTHORS,
    }),
  }),
  { maxBytes: REPAIR.maxFrameBytes },
)
