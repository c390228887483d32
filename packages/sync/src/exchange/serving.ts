import type { AccountLog } from '../log/account-log.ts'
import type { LaneId } from '../log/lane.ts'
import { MAX_UNPACKED_BYTES, type PackWriter } from '../log/pack.ts'
import type { LogRecord, LogRecordBody } from '../log/record.ts'
import { countRanges, differenceRanges, NO_RANGES, type RangeSet, rangesOf } from '../range-set.ts'
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

/** Serves one sibling from the log, all but what is withheld. */
export function createServing(parts: {
  readonly log: AccountLog
  readonly withheldOf: (lane: LaneId) => RangeSet
  readonly signal: AbortSignal
}): Serving {
  const wants: FrameOf<'want'>[] = []
  let answer: Answer | undefined

  return {
    take: (want) => {
      if (wants.length + (answer === undefined ? 0 : 1) >= MAX_OPEN_WANTS) return false
      if (countRanges(want.ranges) > MAX_RECORDS_PER_FRAME) return false
      wants.push(want)
      return true
    },
    nextFrame: async () => {
      const want = answer === undefined ? wants.shift() : undefined
      if (want !== undefined) answer = createAnswer(parts.log, want, recordsOf(parts, want))
      const frame = await answer?.nextFrame()
      if (frame?.last === true) answer = undefined
      return frame
    },
    close: async () => {
      await answer?.close()
    },
  }
}

async function* recordsOf(
  { log, withheldOf, signal }: Parameters<typeof createServing>[0],
  { device, lane, ranges }: FrameOf<'want'>,
): AsyncGenerator<LogRecord> {
  const served = differenceRanges(ranges, withheldOf({ device, lane }))
  for (const { from, to } of served) yield* log.read({ device, lane, from, to }, { signal })
}

interface Answer {
  nextFrame(): Promise<FrameOf<'records'>>
  close(): Promise<void>
}

/** What goes into one frame. */
interface FrameDraft {
  readonly bodies: LogRecordBody[]
  readonly pack: PackWriter | undefined
}

function createAnswer(
  log: AccountLog,
  want: FrameOf<'want'>,
  records: AsyncGenerator<LogRecord>,
): Answer {
  const sent: number[] = []
  let sentBytes = 0
  /** Read, but not in a frame yet. */
  let ahead: LogRecord | undefined

  /** Takes records until the frame is full, the want is used up or nothing is left. */
  const fill = async (draft: FrameDraft): Promise<'whole' | 'cut' | undefined> => {
    for (;;) {
      ahead ??= await nextOf(records)
      if (ahead === undefined) return 'whole'
      const size = sizeOfBody(ahead)
      // As they are taken in, not as they are packed: that is what the sibling has to hold.
      if (sentBytes + size > MAX_BYTES_PER_WANT) return 'cut'
      if (!(await put(draft, ahead))) return undefined
      sent.push(ahead.seq)
      ahead = undefined
      sentBytes += size
    }
  }
  /** False when the frame has no room for a record. */
  const put = async ({ bodies, pack }: FrameDraft, record: LogRecord): Promise<boolean> => {
    const used = bodies.reduce((sum, body) => sum + sizeOfBody(body), pack?.size ?? 0)
    if (used + sizeOfBody(record) > MAX_FRAME_BYTES - RECORD_OVERHEAD_BYTES) return false
    if (bodies.length === 0 && (await pack?.add(record)) === true) return true
    // Of another epoch, or closed to us: behind a pack it begins the next frame.
    if (pack !== undefined && pack.count > 0) return false
    bodies.push(bodyOf(record))
    return true
  }
  return {
    nextFrame: async () => {
      // Updates of account data are unlike each other: packing them would only take time.
      const pack = want.lane === 'messages' ? log.packing(want) : undefined
      const draft: FrameDraft = { bodies: [], pack }
      const ends = await fill(draft)
      if (ends === 'cut') await records.return(undefined)
      const absent = ends === 'whole' ? differenceRanges(want.ranges, rangesOf(sent)) : NO_RANGES
      const sealed = await pack?.seal()
      return {
        kind: 'records',
        id: want.id,
        records: draft.bodies,
        ...(sealed === undefined ? {} : { pack: sealed }),
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
