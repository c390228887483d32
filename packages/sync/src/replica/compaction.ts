import { type Clock, equalBytes, type Rng } from '@kithmesh/protocol'
import { type AccountData, createAccountData } from '../data/account-data.ts'
import type { AccountLog, LogCallOptions } from '../log/account-log.ts'
import { heldRanges, type LaneHoldings } from '../log/holdings.ts'
import type { LaneId, LaneSpan, LogPosition } from '../log/lane.ts'
import type { LaneRanges } from '../log/lane-ranges.ts'
import {
  countRanges,
  differenceRanges,
  highestNumbers,
  intersectRanges,
  type RangeSet,
} from '../range-set.ts'
import { createSnapshot, type Snapshot, type WholeSnapshot } from './snapshot.ts'

/** Snapshots in place of the records they hold. */
export interface Compaction {
  /** Writes a snapshot of now into this device's log. */
  writeSnapshot(call?: LogCallOptions): Promise<WholeSnapshot>
  /** Writes one, and lets go of the records it holds. */
  compact(call?: LogCallOptions): Promise<void>
  /** Notes snapshots that came from the store or a sibling; lets go of records where one holds all that we have. */
  note(snapshots: readonly WholeSnapshot[]): void
  /** Lets go of the records of noted snapshots that hold all that we have. */
  settle(): Promise<void>
  /** Counts records added to the lane `data`. True when they have outgrown the state. */
  grow(records: readonly { readonly sealed: Uint8Array }[]): boolean
  /** Where the newest whole snapshot stands. */
  newest(): LaneSpan | undefined
}
