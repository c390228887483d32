import type { LaneId } from '../log/lane.ts'
import { createLaneRanges } from '../log/lane-ranges.ts'
import type { RangeSet } from '../range-set.ts'

/**
 * What is being fetched, by whichever exchange: with three siblings who all hold a backlog, each
 * record is asked from one of them (ALOG-12). Claims of an exchange that ends fall back to the
 * others.
 */
export interface Claims {
  of(lane: LaneId): RangeSet
  take(lane: LaneId, ranges: RangeSet): void
  release(lane: LaneId, ranges: RangeSet): void
  /** Called after each release. The result ends it. */
  onReleased(listener: () => void): () => void
}

/** No claims yet. */
export function createClaims(): Claims {
  const taken = createLaneRanges()
  const listeners = new Set<() => void>()
  return {
    of: taken.of,
    take: taken.add,
    release: (lane, ranges) => {
      if (ranges.length === 0) return
      taken.remove(lane, ranges)
      for (const listener of listeners) listener()
    },
    onReleased: (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}
