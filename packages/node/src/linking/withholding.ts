import { type AccountId, contentCodec, type DeviceId, decoded } from '@kithmesh/protocol'
import {
  type AccountLog,
  type LaneId,
  laneKey,
  type RangeSet,
  type RecordEvent,
  unionRanges,
  type Withheld,
} from '@kithmesh/sync'
import type { DeviceLogs } from '../account/device-logs.ts'
import { messageRecordsIn } from '../account/log-contents.ts'
import type { Staged } from '../staged.ts'
import type { HistoryApprovals } from './history-approvals.ts'

/** What a sibling does not get yet: messages older than its linking, when it was linked from afar. */
export interface Withholding {
  /** Undefined when nothing is withheld from it. What comes later is looked at until `signal` aborts. */
  of(sibling: DeviceId, options: { readonly signal: AbortSignal }): Promise<Withheld | undefined>
}

/** Finds the records that hold messages from before a device was linked (LNK: far linking). */
export function createWithholding(parts: {
  readonly account: AccountId
  readonly log: AccountLog<Staged>
  readonly logs: DeviceLogs
  readonly approvals: HistoryApprovals
}): Withholding {
  const { account, log, logs, approvals } = parts
  return {
    of: async (sibling, { signal }) => {
      const standing = logs.standing(account, sibling)
      const until = approvals.waitsUntil(sibling)
      if (!standing || until === undefined) return undefined
      const { addedAt } = standing
      const olderByLane = new Map<string, RangeSet>()
      const note = (event: RecordEvent): void => {
        if (isOlder(event, addedAt)) add(olderByLane, event)
      }
      const onAccepted = ({ detail }: { detail: { events: readonly RecordEvent[] } }): void =>
        detail.events.forEach(note)
      log.events.addEventListener('records:accepted', onAccepted, { signal })
      for (const { device, lane, stored } of log.holdings()) {
        if (lane !== 'messages') continue
        for (const range of stored) {
          for await (const event of log.readOpened({ device, lane, ...range })) note(event)
        }
      }
      const of = (lane: LaneId): RangeSet => olderByLane.get(laneKey(lane)) ?? []
      return { until, of, lifted: liftedFor(sibling, signal) }
    },
  }

  /** Aborts when a second device lets the sibling have it all before its time (HIS-6). */
  function liftedFor(sibling: DeviceId, over: AbortSignal): AbortSignal {
    const lifted = new AbortController()
    const look = (): void => {
      if (approvals.waitsUntil(sibling) === undefined) lifted.abort()
    }
    approvals.events.addEventListener('history:approved', look, { signal: over })
    look()
    return lifted.signal
  }
}

/** A record is as old as the oldest message it holds: what shares a record shares its fate. */
function isOlder(event: RecordEvent, addedAt: number): boolean {
  return messageRecordsIn([event]).some(
    (record) =>
      record.kind === 'content' && (decoded(contentCodec, record.content)?.at ?? 0) < addedAt,
  )
}

function add(byLane: Map<string, RangeSet>, { record }: RecordEvent): void {
  const key = laneKey(record)
  const { seq } = record
  byLane.set(key, unionRanges(byLane.get(key) ?? [], [{ from: seq, to: seq }]))
}
