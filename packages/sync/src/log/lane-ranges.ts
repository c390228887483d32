import { differenceRanges, NO_RANGES, type RangeSet, unionRanges } from '../range-set.ts'
import { type LaneId, laneKey } from './lane.ts'

/** A set of places, by lane. */
export interface LaneRanges {
  of(lane: LaneId): RangeSet
  add(lane: LaneId, ranges: RangeSet): void
  remove(lane: LaneId, ranges: RangeSet): void
  clear(): void
  lanes(): readonly LaneId[]
}

/** The set without places. */
export function createLaneRanges(): LaneRanges {
  const byLane = new Map<string, { readonly id: LaneId; readonly ranges: RangeSet }>()
  const of = (lane: LaneId): RangeSet => byLane.get(laneKey(lane))?.ranges ?? NO_RANGES
  const put = ({ device, lane }: LaneId, ranges: RangeSet): void => {
    const key = laneKey({ device, lane })
    if (ranges.length === 0) byLane.delete(key)
    else byLane.set(key, { id: { device, lane }, ranges })
  }
  return {
    of,
    add: (lane, ranges) => put(lane, unionRanges(of(lane), ranges)),
    remove: (lane, ranges) => put(lane, differenceRanges(of(lane), ranges)),
    clear: () => byLane.clear(),
    lanes: () => [...byLane.values()].map(({ id }) => id),
  }
}
