import type { DeviceId } from '@kithmesh/protocol'
import type { AcceptReport, RecordEvent, RecordRefusal } from '../log/accepting.ts'
import type { AccountLog } from '../log/account-log.ts'
import { heldRanges } from '../log/holdings.ts'
import type { LaneId, LaneSpan } from '../log/lane.ts'
import { createLaneRanges } from '../log/lane-ranges.ts'
import type { LogRecord } from '../log/record.ts'
import {
  countRanges,
  differenceRanges,
  highestNumber,
  highestNumbers,
  includesNumber,
  includesRange,
  intersectRanges,
  lowestNumbers,
  NO_RANGES,
  type RangeSet,
  rangesOf,
} from '../range-set.ts'
import type { Claims } from './claims.ts'
import { type FrameOf, MAX_RANGES_PER_WANT, MAX_RECORDS_PER_FRAME } from './frames.ts'
import type { SiblingView } from './sibling-view.ts'

/**
 * Our side of the backlog: what we still lack of what the sibling can send, asked for in windows.
 */
export interface Asking {
  /** The next window to ask for, if there is one and the line is free. */
  nextWant(): FrameOf<'want'> | undefined
  /** Which lane an answer is of, and its records as they are; undefined for one nobody asked for. */
  open(frame: FrameOf<'records'>): Answered | undefined
  /** Settles an answer whose records were dealt with. */
  settle(frame: FrameOf<'records'>): void
  /** How often all that waits was asked for again: to be kept while records are judged. */
  readonly round: number
  /**
   * Records of an epoch that is not known here: asked for again when it is. `round`: as it was before they
   * were looked at. If it is another now, what they wait for may have come meanwhile.
   */
  putAside(lane: LaneId, places: RangeSet, round: number): void
  /** Notes what was refused: it is not asked for again here. */
  note(report: AcceptReport, round: number): void
  /**
   * Asks again for what could not be opened, or not be taken in from who wrote it: there is a new
   * epoch, or another answer to who may write.
   */
  retryWaiting(): void
  /** Records were taken in: what lies right below them, and waits for somebody to vouch, has one. */
  retryBelow(events: readonly RecordEvent[]): void
  /** How many records the sibling can send that we lack. */
  missing(): number
  readonly isWaiting: boolean
  /** Gives back every claim. */
  close(): void
}

/** An answer, before its pack is opened. */
export interface Answered {
  readonly lane: LaneId
  readonly records: readonly LogRecord[]
}

/**
 * Wants unanswered at once. Two windows of 512 records and 512 KiB are the 1,024 records and 1 MiB
 * that may be unacknowledged: a want is sent only when an earlier one's records are durable
 * (ALOG-13).
 */
export const MAX_OPEN_WANTS = 2
/** Records of the first wants of messages: the end of a chat is there before the rest is on its way. */
const FIRST_WINDOW = 128
/** Wants of messages that are that short: as many as are open at once. */
const FIRST_WINDOWS: number = MAX_OPEN_WANTS
/** Reasons for which a record is not taken in now, but may be later. */
const MAY_CHANGE: ReadonlySet<RecordRefusal> = new Set([
  'epoch-unknown',
  'unvouched',
  'not-allowed',
])
/** Lacking more data records than this, a snapshot comes first. */
const SNAPSHOT_WORTH = 256

/** Asks one sibling. */
export function createAsking(parts: {
  readonly log: AccountLog
  readonly view: SiblingView
  readonly claims: Claims
  readonly isSibling: (device: DeviceId) => boolean
}): Asking {
  const { log, view, claims, isSibling } = parts
  const open = new Map<number, OpenWant>()
  const refused = createLaneRanges()
  const waiting = createLaneRanges()
  let lastId = 0
  let messageWants = 0
  let round = 0

  /** What the sibling has and we lack, whether or not it is being fetched. */
  const lackingOf = (lane: LaneId): RangeSet => {
    const lacking = differenceRanges(view.serves(lane), heldRanges(log.holdingsOf(lane)))
    return differenceRanges(differenceRanges(lacking, refused.of(lane)), waiting.of(lane))
  }
  const askable = (lane: LaneId): RangeSet => differenceRanges(lackingOf(lane), claims.of(lane))
  const want = (lane: LaneId, ranges: RangeSet): FrameOf<'want'> => {
    const { device, lane: name } = lane
    const asked = ranges.slice(0, MAX_RANGES_PER_WANT)
    lastId += 1
    open.set(lastId, { id: { device, lane: name }, asked, isAnswered: false })
    claims.take(lane, asked)
    return { kind: 'want', id: lastId, device, lane: name, ranges: asked }
  }

  /** A snapshot that spares us records, or holds what no records say any more (ALOG-8). */
  const neededSnapshot = (): LaneSpan | undefined => {
    const { snapshot } = view
    if (snapshot === undefined || lackingIn(snapshot).length === 0) return undefined
    const lanes = view.lanes().filter(({ lane }) => lane === 'data')
    const isOnlyThere = lanes.some((lane) => {
      const unknown = differenceRanges(view.covered(lane), heldRanges(log.holdingsOf(lane)))
      return unknown.length > 0
    })
    return isOnlyThere || sumOf(lanes, lackingOf) > SNAPSHOT_WORTH ? snapshot : undefined
  }
  const lackingIn = ({ from, to, ...lane }: LaneSpan): RangeSet =>
    intersectRanges(lackingOf(lane), [{ from, to }])
  const nextData = (): FrameOf<'want'> | undefined => {
    // Oldest first: an update builds on those before it, and out of order they would only be held
    // back.
    for (const lane of view.lanes()) {
      const ranges = lane.lane === 'data' ? askable(lane) : NO_RANGES
      if (ranges.length > 0) return want(lane, lowestNumbers(ranges, MAX_RECORDS_PER_FRAME))
    }
    return undefined
  }
  const nextMessages = (): FrameOf<'want'> | undefined => {
    const lanes = view.lanes().filter(({ lane }) => lane === 'messages')
    const open = lanes
      .map((lane) => ({ lane, ranges: askable(lane), depth: depthOf(lane) }))
      .filter(({ ranges }) => ranges.length > 0)
      .sort((a, b) => a.depth - b.depth || countRanges(b.ranges) - countRanges(a.ranges))
    // Those that are out last, since the others vouch for them.
    const next = open.find(({ lane }) => isSibling(lane.device)) ?? open[0]
    if (next === undefined) return undefined
    messageWants += 1
    const size = messageWants > FIRST_WINDOWS ? MAX_RECORDS_PER_FRAME : FIRST_WINDOW
    return want(next.lane, highestNumbers(next.ranges, size).slice(-MAX_RANGES_PER_WANT))
  }
  /**
   * How far down a lane is fetched, from 0 to 1. Newest first, and every lane as far as the others: the
   * end of a chat is what a person looks at, and two devices wrote it (ALOG-20).
   */
  const depthOf = (lane: LaneId): number => {
    const top = highestNumber(view.serves(lane))
    return (top - highestNumber(askable(lane))) / top
  }
  return {
    nextWant: () => {
      if (!view.isComplete || open.size >= MAX_OPEN_WANTS) return undefined
      const snapshot = neededSnapshot()
      if (snapshot === undefined) return nextData() ?? nextMessages()
      const { from, to } = snapshot
      const ranges = intersectRanges(askable(snapshot), [{ from, to }])
      // Claimed already: what it covers is not asked for meanwhile.
      if (ranges.length === 0) return undefined
      return want(snapshot, lowestNumbers(ranges, MAX_RECORDS_PER_FRAME))
    },
    open: ({ id, records, pack, absent }) => {
      const asked = open.get(id)
      if (asked === undefined) return undefined
      const isAsked = records.every(({ seq }) => includesNumber(asked.asked, seq))
      const others = [...(pack?.places ?? []), ...absent]
      if (!isAsked || others.some((range) => !includesRange(asked.asked, range))) return undefined
      return { lane: asked.id, records: records.map((body) => ({ ...asked.id, ...body })) }
    },
    settle: ({ id, records, pack, last, absent }) => {
      const asked = open.get(id)
      if (asked === undefined) return
      const brought = records.length + countRanges(pack?.places ?? NO_RANGES)
      const isAnswered = asked.isAnswered || brought > 0
      open.set(id, { ...asked, isAnswered })
      if (!last) return
      open.delete(id)
      // An answer without a record would be asked for again for ever.
      refused.add(asked.id, isAnswered ? absent : asked.asked)
      claims.release(asked.id, asked.asked)
    },
    get round() {
      return round
    },
    putAside: (lane, places, before) => {
      if (before === round) waiting.add(lane, places)
    },
    note: ({ refused: records }, before) => {
      for (const { position, reason } of records) {
        if (reason === 'known') continue
        const mayChange = MAY_CHANGE.has(reason)
        if (mayChange && before !== round) continue
        const aside = mayChange ? waiting : refused
        aside.add(position, rangesOf([position.seq]))
      }
    },
    retryWaiting: () => {
      round += 1
      waiting.clear()
    },
    retryBelow: (events) => {
      for (const { record } of events) {
        const below = waiting.of(record).filter(({ to }) => to === record.seq - 1)
        waiting.remove(record, below)
      }
    },
    missing: () => sumOf(view.lanes(), lackingOf),
    get isWaiting() {
      return open.size > 0
    },
    close: () => {
      const wants = [...open.values()]
      open.clear()
      for (const { id, asked } of wants) claims.release(id, asked)
    },
  }
}

interface OpenWant {
  readonly id: LaneId
  readonly asked: RangeSet
  /** Something came for it. */
  readonly isAnswered: boolean
}

function sumOf(lanes: readonly LaneId[], rangesOf: (lane: LaneId) => RangeSet): number {
  return lanes.reduce((count, lane) => count + countRanges(rangesOf(lane)), 0)
}
