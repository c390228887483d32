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
  highestNumbers,
  includesNumber,
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
  /** The records of an answer, with their places; undefined for an answer nobody asked for. */
  open(frame: FrameOf<'records'>): readonly LogRecord[] | undefined
  /** Settles an answer whose records were dealt with. */
  settle(frame: FrameOf<'records'>): void
  /** Notes what was refused: it is not asked for again here. */
  note(report: AcceptReport): void
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

/**
 * Wants unanswered at once. Two windows of 128 records and 512 KiB are the 256 records and 1 MiB
 * that may be unacknowledged: a want is sent only when an earlier one's records are durable
 * (ALOG-13).
 */
export const MAX_OPEN_WANTS = 2
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
    open.set(lastId, { id: { device, lane: name }, asked, got: [] })
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
    // Newest first: the end of a chat is what a person looks at. Of several devices the one with
    // most to send; those that are out last, since the others vouch for them.
    const lanes = view.lanes().filter(({ lane }) => lane === 'messages')
    const counted = lanes
      .map((lane) => ({ lane, ranges: askable(lane) }))
      .filter(({ ranges }) => ranges.length > 0)
      .sort((a, b) => countRanges(b.ranges) - countRanges(a.ranges))
    const most = counted.find(({ lane }) => isSibling(lane.device)) ?? counted[0]
    if (most === undefined) return undefined
    const newest = highestNumbers(most.ranges, MAX_RECORDS_PER_FRAME)
    return want(most.lane, newest.slice(-MAX_RANGES_PER_WANT))
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
    open: ({ id, records, absent }) => {
      const asked = open.get(id)
      if (asked === undefined) return undefined
      const isAsked = records.every(({ seq }) => includesNumber(asked.asked, seq))
      if (!isAsked || differenceRanges(absent, asked.asked).length > 0) return undefined
      return records.map((body) => ({ ...asked.id, ...body }))
    },
    settle: ({ id, records, last, absent }) => {
      const asked = open.get(id)
      if (asked === undefined) return
      const got = [...asked.got, ...records.map(({ seq }) => seq)]
      open.set(id, { ...asked, got })
      if (!last) return
      open.delete(id)
      // An answer without a record would be asked for again for ever.
      refused.add(asked.id, got.length === 0 ? asked.asked : absent)
      claims.release(asked.id, asked.asked)
    },
    note: ({ refused: records }) => {
      for (const { position, reason } of records) {
        if (reason === 'known') continue
        const aside = MAY_CHANGE.has(reason) ? waiting : refused
        aside.add(position, rangesOf([position.seq]))
      }
    },
    retryWaiting: waiting.clear,
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
  readonly got: readonly number[]
}

function sumOf(lanes: readonly LaneId[], rangesOf: (lane: LaneId) => RangeSet): number {
  return lanes.reduce((count, lane) => count + countRanges(rangesOf(lane)), 0)
}
