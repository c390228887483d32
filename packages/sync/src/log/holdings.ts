import {
  differenceRanges,
  highestNumber,
  includesNumber,
  NO_RANGES,
  type RangeSet,
  unionRanges,
} from '../range-set.ts'
import type { StoredLane } from './account-log-store.ts'
import { type LaneId, type LaneSpan, laneKey } from './lane.ts'

/** What a device holds of one lane, and its newest record. */
export interface LaneHoldings extends StoredLane {
  /**
   * The highest stored record; two devices that have the same number compare its hash (ALOG-10).
   */
  readonly tip: Tip | undefined
}

/** The highest stored record of a lane. */
export interface Tip {
  readonly seq: number
  readonly hash: Uint8Array
}

/** Holdings of every lane, in memory, following the store. */
export interface HoldingsBook {
  list(): readonly LaneHoldings[]
  of(lane: LaneId): LaneHoldings
  /** Whether a place is stored or covered. */
  has(lane: LaneId, seq: number): boolean
  store(lane: LaneId, ranges: RangeSet, tip: Tip): void
  cover(span: LaneSpan): void
  drop(span: LaneSpan): void
}

/** What need not be sent to whoever holds this: stored and covered places. */
export function heldRanges({ stored, covered }: Pick<StoredLane, 'stored' | 'covered'>): RangeSet {
  return unionRanges(stored, covered)
}

/** A book that begins with what the store says. */
export function createHoldingsBook(lanes: readonly LaneHoldings[]): HoldingsBook {
  const byLane = new Map(lanes.map((lane) => [laneKey(lane), lane]))
  const of = ({ device, lane }: LaneId): LaneHoldings =>
    byLane.get(laneKey({ device, lane })) ?? {
      device,
      lane,
      stored: NO_RANGES,
      covered: NO_RANGES,
      tip: undefined,
    }
  const put = (lane: LaneId, change: Partial<LaneHoldings>): void => {
    byLane.set(laneKey(lane), { ...of(lane), ...change })
  }
  return {
    list: () => [...byLane.values()],
    of,
    has: (lane, seq) => {
      const { stored, covered } = of(lane)
      return includesNumber(stored, seq) || includesNumber(covered, seq)
    },
    store: (lane, ranges, tip) => {
      const { stored, tip: old } = of(lane)
      const isHigher = old === undefined || tip.seq > old.seq
      put(lane, { stored: unionRanges(stored, ranges), tip: isHigher ? tip : old })
    },
    cover: ({ from, to, ...lane }) =>
      put(lane, { covered: unionRanges(of(lane).covered, [{ from, to }]) }),
    drop: ({ from, to, ...lane }) => {
      const { stored, tip } = of(lane)
      const left = differenceRanges(stored, [{ from, to }])
      put(lane, { stored: left, tip: tip?.seq === highestNumber(left) ? tip : undefined })
    },
  }
}
