import type { AccountLog } from '../log/account-log.ts'
import type { LaneHoldings } from '../log/holdings.ts'
import type { LaneId, LaneSpan } from '../log/lane.ts'
import { createLaneRanges, type LaneRanges } from '../log/lane-ranges.ts'
import { differenceRanges, includesNumber, intersectRanges, type RangeSet } from '../range-set.ts'
import { type FrameOf, type HeldLane, MAX_LANES_PER_FRAME, MAX_RANGES } from './frames.ts'
import { createLiveQueue } from './live-queue.ts'

/** What we tell a sibling unasked: all we hold at first, then what is new. */
export interface Telling {
  /** The next frame to send: holdings, then live records, then what is new besides. */
  next(): FrameOf<'holds' | 'live' | 'held' | 'ask-snapshot'> | undefined
  /** The sibling has dealt with a `live`; false when there was none with this id. */
  done(id: number): boolean
  /** Tells of everything that may be told now: a lane that was withheld is so no longer. */
  tellAll(): void
  /** Asks for a snapshot, once until it is sent. */
  askSnapshot(): void
  close(): void
}

/** Tells one sibling of all but what is withheld; `ring` says that there is something. */
export function createTelling(parts: {
  readonly log: AccountLog
  readonly withheldOf: (lane: LaneId) => RangeSet
  readonly snapshot: () => LaneSpan | undefined
  readonly ring: () => void
}): Telling {
  const { log, withheldOf, ring } = parts
  const open = (held: LaneHoldings): LaneHoldings => withoutRanges(held, withheldOf(held))
  const holds = holdsFrames(log.holdings().map(open), parts.snapshot())
  const news: News = { stored: createLaneRanges(), covered: createLaneRanges() }
  const live = createLiveQueue()
  const ended = new AbortController()

  const tell = (span: LaneSpan): void => {
    const { stored, covered } = open(log.holdingsOf(span))
    news.stored.add(span, intersectRanges(stored, [span]))
    news.covered.add(span, intersectRanges(covered, [span]))
  }
  log.events.addEventListener(
    'holdings:changed',
    ({ detail: { spans } }) => {
      for (const span of spans) tell(span)
      ring()
    },
    { signal: ended.signal },
  )
  log.events.addEventListener(
    'record:appended',
    ({ detail: { record } }) => {
      // Ours, so nobody else can have it: the record itself goes at once, without being announced
      // before.
      if (live.push(record)) {
        news.stored.remove(record, [{ from: record.seq, to: record.seq }])
      }
      ring()
    },
    { signal: ended.signal },
  )
  let isSnapshotAsked = false
  const nextAsk = (): FrameOf<'ask-snapshot'> | undefined => {
    if (!isSnapshotAsked) return undefined
    isSnapshotAsked = false
    return { kind: 'ask-snapshot' }
  }
  return {
    next: () => holds.shift() ?? live.next() ?? nextHeld(news, withheldOf) ?? nextAsk(),
    done: live.done,
    tellAll: () => {
      for (const { stored, covered, ...lane } of log.holdings().map(open)) {
        news.stored.add(lane, stored)
        news.covered.add(lane, covered)
      }
      ring()
    },
    askSnapshot: () => {
      isSnapshotAsked = true
      ring()
    },
    close: () => ended.abort(),
  }
}

/** A tip that is withheld is not told either: its hash would tell what was said. */
function withoutRanges(held: LaneHoldings, withheld: RangeSet): LaneHoldings {
  if (withheld.length === 0) return held
  const { stored, covered, tip } = held
  const isTold = tip !== undefined && !includesNumber(withheld, tip.seq)
  return {
    ...held,
    stored: differenceRanges(stored, withheld),
    covered: differenceRanges(covered, withheld),
    tip: isTold ? tip : undefined,
  }
}

interface News {
  readonly stored: LaneRanges
  readonly covered: LaneRanges
}

function holdsFrames(
  holdings: readonly LaneHoldings[],
  snapshot: LaneSpan | undefined,
): FrameOf<'holds'>[] {
  const frames: FrameOf<'holds'>[] = []
  for (let at = 0; at === 0 || at < holdings.length; at += MAX_LANES_PER_FRAME) {
    const lanes = holdings.slice(at, at + MAX_LANES_PER_FRAME).map(heldLaneOf)
    frames.push({ kind: 'holds', lanes, last: false })
  }
  const last = frames.pop()
  if (last !== undefined) frames.push(lastOf(last, snapshot))
  return frames
}

function lastOf(frame: FrameOf<'holds'>, snapshot: LaneSpan | undefined): FrameOf<'holds'> {
  return snapshot === undefined ? { ...frame, last: true } : { ...frame, last: true, snapshot }
}

/** Of a lane with more holes than can be told, the newest ranges. */
function heldLaneOf({ device, lane, stored, covered, tip }: LaneHoldings): HeldLane {
  const told = {
    device,
    lane,
    stored: stored.slice(-MAX_RANGES),
    covered: covered.slice(-MAX_RANGES),
  }
  return tip === undefined ? told : { ...told, tip }
}

/** Looked at once more: what was taken in a moment ago may have turned out to be withheld (ALOG-14). */
function nextHeld(
  { stored, covered }: News,
  withheldOf: (lane: LaneId) => RangeSet,
): FrameOf<'held'> | undefined {
  for (const lane of stored.lanes()) stored.remove(lane, withheldOf(lane))
  for (const lane of covered.lanes()) covered.remove(lane, withheldOf(lane))
  const lanes = [...stored.lanes(), ...covered.lanes()].slice(0, MAX_LANES_PER_FRAME)
  if (lanes.length === 0) return undefined
  const told = lanes.map((lane) => ({
    ...lane,
    stored: takeNewest(stored, lane),
    covered: takeNewest(covered, lane),
  }))
  return { kind: 'held', lanes: told }
}

function takeNewest(news: LaneRanges, lane: LaneId): HeldLane['stored'] {
  const taken = news.of(lane).slice(-MAX_RANGES)
  news.remove(lane, taken)
  return taken
}
