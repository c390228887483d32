import { contentCodec, decoded } from '@kithmesh/protocol'
import {
  type AccountLog,
  type LaneId,
  laneKey,
  type RangeSet,
  type RecordEvent,
  unionRanges,
} from '@kithmesh/sync'
import { messageRecordsIn } from '../account/log-contents.ts'
import type { Staged } from '../staged.ts'

/** Which records say something older than a time: what is withheld from a device that gets no more. */
export interface OlderRecords {
  /**
   * Reads the log for a time, ms since 1970 UTC, and follows it until it is closed; who asks for the same time
   * shares it. 0: nothing is older.
   */
  than(limit: number): Promise<OlderThan>
}

/** The records older than one time, now and as they come. */
export interface OlderThan {
  readonly limit: number
  readonly of: (lane: LaneId) => RangeSet
  readonly close: () => void
}

/** Follows the lane `messages` of the account log. */
export function createOlderRecords(
  log: Pick<AccountLog<Staged>, 'events' | 'holdings' | 'readOpened'>,
  { signal }: { readonly signal: AbortSignal },
): OlderRecords {
  const followed = new Map<number, Followed>()

  log.events.addEventListener(
    'records:accepted',
    ({ detail }) => {
      // Only a device that withholds something asks: a history that comes in is not read for nobody.
      if (followed.size === 0) return
      for (const event of detail.events) {
        const said = oldestIn(event)
        for (const { limit, byLane } of followed.values()) if (said < limit) add(byLane, event)
      }
    },
    { signal },
  )

  async function read(limit: number, byLane: Map<string, RangeSet>): Promise<void> {
    for (const { device, lane, stored } of log.holdings()) {
      if (lane !== 'messages') continue
      for (const range of stored) {
        for await (const event of log.readOpened({ device, lane, ...range })) {
          if (oldestIn(event) < limit) add(byLane, event)
        }
      }
    }
  }

  function follow(limit: number): Followed {
    const byLane = new Map<string, RangeSet>()
    const one = { limit, byLane, users: 0, whole: read(limit, byLane) }
    followed.set(limit, one)
    return one
  }

  /** What an asker calls in the end. */
  function leaving(one: Followed): () => void {
    let isOver = false
    return () => {
      if (!isOver) leave(one)
      isOver = true
    }
  }

  function leave(one: Followed): void {
    one.users -= 1
    if (one.users === 0 && followed.get(one.limit) === one) followed.delete(one.limit)
  }

  return {
    than: async (limit) => {
      if (limit === 0) return NOTHING
      const one = followed.get(limit) ?? follow(limit)
      one.users += 1
      try {
        await one.whole
      } catch (error) {
        leave(one)
        throw error
      }
      return { limit, of: (lane) => one.byLane.get(laneKey(lane)) ?? [], close: leaving(one) }
    },
  }
}

/** A time that is followed for as long as somebody asks for it. */
interface Followed {
  readonly limit: number
  readonly byLane: Map<string, RangeSet>
  /** Resolves when the log was read up to now. */
  readonly whole: Promise<void>
  users: number
}

const NOTHING: OlderThan = { limit: 0, of: () => [], close: () => undefined }

/** A record is as old as the oldest message it holds: what shares a record shares its fate. */
function oldestIn(event: RecordEvent): number {
  let oldest = Number.POSITIVE_INFINITY
  for (const one of messageRecordsIn([event])) {
    if (one.kind !== 'content') continue
    oldest = Math.min(oldest, decoded(contentCodec, one.content)?.at ?? 0)
  }
  return oldest
}

function add(byLane: Map<string, RangeSet>, { record }: RecordEvent): void {
  const key = laneKey(record)
  const { seq } = record
  byLane.set(key, unionRanges(byLane.get(key) ?? [], [{ from: seq, to: seq }]))
}
