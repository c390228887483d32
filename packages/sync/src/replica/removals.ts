import type { DeviceId } from '@kithmesh/protocol'
import type { AccountLog, LogCallOptions } from '../log/account-log.ts'
import type { LaneHoldings } from '../log/holdings.ts'
import type { LaneSpan } from '../log/lane.ts'
import { intersectRanges, type RangeSet } from '../range-set.ts'
import type { Compaction } from './compaction.ts'
import type { IntoData } from './into-data.ts'

/** What becomes of the records of devices that are out (ALOG-18, ALOG-19). */
export interface Removals {
  /** Whether anything of a device that is out is stored. */
  isAnyOut(): boolean
  /** Whether this device is out: it writes nothing more. */
  isSelfOut(): boolean
  /** Brings what is stored in line with who is in; what was done before is not done again. */
  settle(call: LogCallOptions): Promise<void>
}

/** What {@link createRemovals} works with. */
export interface RemovalParts {
  readonly log: Pick<AccountLog, 'device' | 'holdings' | 'prune' | 'membersChanged'>
  readonly into: Pick<IntoData, 'unapplied' | 'forget'>
  readonly compaction: Pick<Compaction, 'compact'>
  readonly mayWrite: (device: DeviceId) => boolean
}

/** Settles removals; one at a time. */
export function createRemovals(parts: RemovalParts): Removals {
  const { log, into, compaction, mayWrite } = parts
  const outLanes = (lane: 'data' | 'messages'): readonly LaneHoldings[] =>
    log
      .holdings()
      .filter((held) => held.lane === lane && held.stored.length > 0 && !mayWrite(held.device))

  /** Nothing stays that waits: it is not in the snapshot, and must not count as held by it either. */
  const dropWaiting = async (call: LogCallOptions): Promise<void> => {
    for (const held of outLanes('data')) {
      const waiting = intersectRanges(into.unapplied(held), held.stored)
      into.forget(held.device)
      if (waiting.length > 0) await log.prune({ drop: spansOf(held, waiting) }, call)
    }
  }
  return {
    isSelfOut: () => !mayWrite(log.device),
    isAnyOut: () => outLanes('data').length > 0 || outLanes('messages').length > 0,
    settle: async (call) => {
      // First, since it waits for what was being taken in when the removal became known.
      await log.membersChanged(call)
      // A device that is out itself leaves all as it is: its siblings settle without it.
      if (!mayWrite(log.device) || outLanes('data').length === 0) return
      await dropWaiting(call)
      await compaction.compact(call)
      const drop = outLanes('data').flatMap((held) => spansOf(held, held.stored))
      await log.prune({ drop }, call)
    },
  }
}

function spansOf({ device, lane }: LaneHoldings, ranges: RangeSet): readonly LaneSpan[] {
  return ranges.map(({ from, to }) => ({ device, lane, from, to }))
}
