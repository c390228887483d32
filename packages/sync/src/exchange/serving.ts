import type { AccountLog } from '../log/account-log.ts'
import type { LaneId } from '../log/lane.ts'
import { MAX_UNPACKED_BYTES } from '../log/pack.ts'
import type { LogRecord, LogRecordBody } from '../log/record.ts'
import {
  countRanges,
  differenceRanges,
  NO_RANGES,
  type Range,
  type RangeSet,
  rangesOf,
} from '../range-set.ts'
import { MAX_OPEN_WANTS } from './asking.ts'
import { type FrameOf, MAX_FRAME_BYTES, MAX_RECORDS_PER_FRAME } from './frames.ts'
import { bodyOf, RECORD_OVERHEAD_BYTES, sizeOfBody } from './run-size.ts'

/** The sibling's backlog: answers what it wants, one frame at a time. */
export interface Serving {
  /** Takes a want; false when it breaks a limit. */
  take(want: FrameOf<'want'>): boolean
  /** The next frame of the oldest want. */
  nextFrame(): Promise<FrameOf<'records'> | undefined>
  /** Ends reading from the store. */
  close(): Promise<void>
}

/** Bytes of records sent for one want; what is cut off is wanted again (ALOG-13). */
const MAX_BYTES_PER_WANT: number = MAX_UNPACKED_BYTES
/**
 * Bytes of records in the first frame of messages: the end of a chat is on the screen while the rest is on its way.
 * Each further one holds twice as much, up to three quarters of a frame: a pack has some bytes around each content (ALOG-24).
 */
const FIRST_FRAME_BYTES: number = 64 * 1024
const MAX_PACKED_FRAME_BYTES: number = 192 * 1024
/** Records read at a time where the newest go first. */
const READ_AT_ONCE = 64

/** Serves one sibling from the log, all but what is withheld. */
export function createServing(parts: {
  readonly log: AccountLog
  readonly withheldOf: (lane: LaneId) => RangeSet
  readonly signal: AbortSignal
}): Serving {
  const wants: FrameOf<'want'>[] = []
  let answer: Answer | undefined
  let room = FIRST_FRAME_BYTES

  /** Updates of account data are unlike each other: packing them would only take time. */
  function roomOf({ lane }: FrameOf<'want'>): number {
    if (lane !== 'messages') return MAX_FRAME_BYTES - RECORD_OVERHEAD_BYTES
    const now = room
    room = Math.min(2 * room, MAX_PACKED_FRAME_BYTES)
    return now
  }

  return {
    take: (want) => {
      if (wants.length + (answer === undefined ? 0 : 1) >= MAX_OPEN_WANTS) return false
      if (countRanges(want.ranges) > MAX_RECORDS_PER_FRAME) return false
      wants.push(want)
      return true
    },
    nextFrame: async () => {
      const want = answer === undefined ? wants.shift() : undefined
      if (want !== undefined) {
        const records = recordsOf(parts, want)
        answer = createAnswer({ log: parts.log, want, records, nextRoom: () => roomOf(want) })
      }
      const frame = await answer?.nextFrame()
      if (frame?.last === true) answer = undefined
      return frame
    },
    close: async () => {
      await answer?.close()
    },
  }
}

/** Updates in their order; messages from the newest down (ALOG-12, ALOG-24). */
async function* recordsOf(
  { log, withheldOf, signal }: Parameters<typeof createServing>[0],
  { device, lane, ranges }: FrameOf<'want'>,
): AsyncGenerator<LogRecord> {
  const served = differenceRanges(ranges, withheldOf({ device, lane }))
  if (lane === 'messages') {
    for (const { from, to } of piecesDown(served)) {
      const piece: LogRecord[] = []
      for await (const one of log.read({ device, lane, from, to }, { signal })) piece.push(one)
      yield* piece.reverse()
    }
  } else {
    for (const { from, to } of served) yield* log.read({ device, lane, from, to }, { signal })
  }
}

/** The highest numbers first, as many at a time as are read at once. */
function* piecesDown(ranges: RangeSet): Generator<Range> {
  for (const { from, to } of ranges.toReversed()) {
    for (let top = to; top >= from; top -= READ_AT_ONCE) {
      yield { from: Math.max(from, top - READ_AT_ONCE + 1), to: top }
    }
  }
}

interface Answer {
  nextFrame(): Promise<FrameOf<'records'>>
  close(): Promise<void>
}

/** What an answer is made of. */
interface AnswerParts {
  readonly log: AccountLog
  readonly want: FrameOf<'want'>
  readonly records: AsyncGenerator<LogRecord>
  /** Bytes of records that the next frame holds, unless one alone is larger. */
  readonly nextRoom: () => number
}

function createAnswer({ log, want, records, nextRoom }: AnswerParts): Answer {
  const sent: number[] = []
  let sentBytes = 0
  /** Read, but not in a frame yet. */
  let ahead: LogRecord | undefined

  /** Takes records until the frame is full, the want is used up or nothing is left. */
  const fill = async (taken: LogRecord[]): Promise<'whole' | 'cut' | undefined> => {
    let room = nextRoom()
    for (;;) {
      ahead ??= await nextOf(records)
      if (ahead === undefined) return 'whole'
      const size = sizeOfBody(ahead)
      // As they are taken in, not as they are packed: that is what the sibling has to hold.
      if (sentBytes + size > MAX_BYTES_PER_WANT) return 'cut'
      if (taken.length > 0 && (size > room || !fitsWith(taken, ahead))) return undefined
      taken.push(ahead)
      sent.push(ahead.seq)
      ahead = undefined
      sentBytes += size
      room -= size
    }
  }
  /** A pack is of one epoch. */
  const fitsWith = ([first]: readonly LogRecord[], next: LogRecord): boolean =>
    want.lane !== 'messages' || first?.epoch === next.epoch
  /** In one pack as far as they can be opened here, the others as they are. */
  const laidOut = async (
    taken: readonly LogRecord[],
  ): Promise<Pick<FrameOf<'records'>, 'records' | 'pack'>> => {
    if (want.lane !== 'messages') return { records: taken.map(bodyOf) }
    const pack = log.packing(want)
    const bodies: LogRecordBody[] = []
    for (const one of taken.toReversed()) if (!(await pack.add(one))) bodies.push(bodyOf(one))
    const sealed = await pack.seal()
    return { records: bodies, ...(sealed === undefined ? {} : { pack: sealed }) }
  }
  return {
    nextFrame: async () => {
      const taken: LogRecord[] = []
      const ends = await fill(taken)
      if (ends === 'cut') await records.return(undefined)
      const absent = ends === 'whole' ? differenceRanges(want.ranges, rangesOf(sent)) : NO_RANGES
      return {
        kind: 'records',
        id: want.id,
        ...(await laidOut(taken)),
        last: ends !== undefined,
        absent,
      }
    },
    close: async () => {
      await records.return(undefined)
    },
  }
}

async function nextOf(records: AsyncGenerator<LogRecord>): Promise<LogRecord | undefined> {
  const { value, done } = await records.next()
  return done === true ? undefined : value
}
