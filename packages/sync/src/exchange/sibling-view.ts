import type { LaneId, LaneSpan } from '../log/lane.ts'
import { createLaneRanges } from '../log/lane-ranges.ts'
import type { RangeSet } from '../range-set.ts'
import type { HeldLane } from './frames.ts'

/** What a sibling said it holds. */
export interface SiblingView {
  /** Records it can send. */
  serves(lane: LaneId): RangeSet
  /** Places it has no need of: stored there, or covered. */
  has(lane: LaneId): RangeSet
  covered(lane: LaneId): RangeSet
  /** Lanes of which it said anything. */
  lanes(): readonly LaneId[]
  learn(lanes: readonly HeldLane[]): void
  /** It has said all; `snapshot` is its newest. */
  complete(snapshot: LaneSpan | undefined): void
  readonly isComplete: boolean
  readonly snapshot: LaneSpan | undefined
}

/** Lanes a sibling may speak of: two for each of the devices an account ever had. */
export const MAX_LANES = 2_048

/** A sibling that has said nothing. */
export function createSiblingView(): SiblingView {
  const serves = createLaneRanges()
  const has = createLaneRanges()
  const covered = createLaneRanges()
  let isComplete = false
  let snapshot: LaneSpan | undefined
  return {
    serves: serves.of,
    has: has.of,
    covered: covered.of,
    lanes: has.lanes,
    learn: (lanes) => {
      for (const lane of lanes) {
        serves.add(lane, lane.stored)
        covered.add(lane, lane.covered)
        has.add(lane, lane.stored)
        has.add(lane, lane.covered)
      }
    },
    complete: (newest) => {
      isComplete = true
      snapshot = newest
    },
    get isComplete() {
      return isComplete
    },
    get snapshot() {
      return snapshot
    },
  }
}
