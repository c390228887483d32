/**
 * Account data kept the same on every own device: local edits go into the account log, records of
 * siblings into the document, and a snapshot takes the place of records when they grow long.
 */

import type { Clock, DeviceId } from '@kithmesh/protocol'
import type { AccountData } from '../data/account-data.ts'
import { createExchanges, type Exchanges } from '../exchange/exchanges.ts'
import type { Prepare, Prepared, RecordEvent } from '../log/accepting.ts'
import {
  type AccountLog,
  type AccountLogOptions,
  type LogCallOptions,
  openAccountLog,
} from '../log/account-log.ts'
import { heldRanges } from '../log/holdings.ts'
import type { LaneSpan } from '../log/lane.ts'
import { differenceRanges, highestNumber } from '../range-set.ts'
import type { Scheduler } from '../scheduler.ts'
import { createCompaction } from './compaction.ts'
import { createIntoData, type IntoData, type RefusedUpdates, updateBytesOf } from './into-data.ts'
import { createOutOfData } from './out-of-data.ts'
import { createRemovals } from './removals.ts'
import type { WholeSnapshot } from './snapshot.ts'
import { createUpkeep } from './upkeep.ts'

/** How {@link openAccountReplica} is asked. */
export interface AccountReplicaOptions<Alongside = never> extends AccountLogOptions<Alongside> {
  /** Empty: it is filled from the store. */
  readonly data: AccountData
  readonly clock: Pick<Clock, 'now' | 'monotonic'>
  readonly scheduler: Scheduler
  /** Whether a device is one of this account now. */
  readonly isSibling: (device: DeviceId) => boolean
  /** Called when something could not be written; it is tried again by itself. */
  readonly onFailure?: (error: unknown) => void
  /** Called once for each device whose updates are refused for what it may bring (ACC-30). */
  readonly onRefused?: (refused: RefusedUpdates) => void
}

/** Account data, its log, and the exchanges with siblings. */
export interface AccountReplica<Alongside = never> {
  readonly data: AccountData
  readonly log: AccountLog<Alongside>
  readonly exchanges: Exchanges
  /** Resolves when every local edit made so far is durable in the log. */
  flush(): Promise<void>
  /**
   * Writes a snapshot and lets go of the records it holds (ALOG-8). Runs by itself when they
   * outgrow the state.
   */
  compact(options?: LogCallOptions): Promise<void>
  /**
   * To be called whenever another set of devices is in than before: a removal, a return, at once
   * after `mayWrite` and `isSibling` answer anew. Of each device that is out, updates that still wait
   * are dropped, a snapshot keeps the others, and this device vouches for its messages; what was
   * refused is asked for again (A8). Runs by itself at opening, for what a crash left undone.
   */
  membersChanged(options?: LogCallOptions): Promise<void>
  /** Writes what is left and stops. */
  close(): Promise<void>
}

/**
 * Opens the log, fills the document from it and keeps both together.
 *
 * @example
 * ```ts
 * const replica = await openAccountReplica({
 *   data: createAccountData({ clientId: newClientId(rng) }),
 *   mayWrite: (device) => isInDeviceLog(device),
 *   isSibling: (device) => isInDeviceLog(device),
 *   ...{ account, signer, epochs, store, rng, crypto, clock, scheduler },
 * })
 * replica.data.contacts.rename(ben, 'Ben')
 * await replica.exchanges.run({ sibling, stream }, { signal })
 * ```
 */
export async function openAccountReplica<Alongside = never>(
  options: AccountReplicaOptions<Alongside>,
  call: LogCallOptions = {},
): Promise<AccountReplica<Alongside>> {
  const { data, clock, scheduler, rng, isSibling, onFailure = () => {} } = options
  const into = createIntoData(data, options.onRefused)
  const snapshots = createSnapshotIntake(into, options.prepare)
  const prepare: Prepare<Alongside> = (events) => snapshots.prepare(events, log)
  const log: AccountLog<Alongside> = await openAccountLog({ ...options, prepare }, call)

  const compaction = createCompaction({ data, log, unapplied: into.unapplied, rng })
  const loaded = await into.load(log, call)
  // Where the store lost what is covered, the snapshots still say it.
  const lost = coversOf(loaded.snapshots, log).filter((span) => !isCovered(log, span))
  if (lost.length > 0) await log.prune({ cover: lost }, call)
  compaction.note(loaded.snapshots)
  compaction.grow(loaded.updateBytes)

  const exchanges = createExchanges({
    log,
    clock,
    scheduler,
    isSibling,
    snapshot: compaction.newest,
    onSnapshotAsked: () => upkeep.asked(),
  })
  const upkeep = createUpkeep({
    data,
    log,
    into,
    compaction,
    removals: createRemovals({ log, into, compaction, mayWrite: options.mayWrite }),
    clock,
    scheduler,
    askSnapshot: exchanges.askSnapshot,
    onFailure,
  })
  const out = createOutOfData({
    data,
    log,
    scheduler,
    onFailure,
    writeSnapshot: upkeep.compact,
    written: upkeep.grew,
  })
  upkeep.opened()
  const ended = new AbortController()
  const accepted = (events: readonly RecordEvent[]): void => {
    into.takeUpdates(events)
    upkeep.followed(snapshots.taken())
    upkeep.refused(into.takeRefused())
    upkeep.grew(updateBytesOf(events))
  }
  const { signal } = ended
  log.events.addEventListener('records:accepted', ({ detail }) => accepted(detail.events), {
    signal,
  })
  log.events.addEventListener('log:forked', upkeep.forked, { signal })
  exchanges.events.addEventListener('sibling:caught-up', upkeep.caughtUp, { signal })
  const compact = async (compactCall: LogCallOptions = {}): Promise<void> => {
    await out.flush()
    await upkeep.compact(compactCall)
  }
  return {
    data,
    log,
    exchanges,
    flush: out.flush,
    compact,
    membersChanged: async (membersCall = {}) => {
      await out.flush()
      await upkeep.membersChanged(membersCall)
    },
    close: async () => {
      try {
        await out.flush()
      } finally {
        // Also when the disk has no room: no timer is left of what was closed.
        out.close()
        ended.abort()
        await upkeep.close()
      }
    },
  }
}

/**
 * Snapshots on their way in: applied before the commit that covers what they hold, noted after
 * it.
 */
interface SnapshotIntake<Alongside> {
  prepare(
    events: readonly RecordEvent[],
    log: Pick<AccountLog, 'device' | 'holdingsOf'>,
  ): Promise<Prepared<Alongside>>
  /** Those of the last commit, once. */
  taken(): readonly WholeSnapshot[]
}

function createSnapshotIntake<Alongside>(
  into: IntoData,
  hostPrepare: Prepare<Alongside> = () => ({}),
): SnapshotIntake<Alongside> {
  let taken: readonly WholeSnapshot[] = []
  return {
    prepare: async (events, log) => {
      taken = into.takeSnapshots(events)
      const prepared = await hostPrepare(events)
      return { ...prepared, cover: [...(prepared.cover ?? []), ...coversOf(taken, log)] }
    },
    taken: () => {
      const snapshots = taken
      taken = []
      return snapshots
    },
  }
}

function isCovered(log: Pick<AccountLog, 'holdingsOf'>, { from, to, ...lane }: LaneSpan): boolean {
  return differenceRanges([{ from, to }], log.holdingsOf(lane).covered).length === 0
}

/**
 * What snapshots cover; of our own log no more than we know to have written, or we would never
 * write there.
 */
function coversOf(
  snapshots: readonly WholeSnapshot[],
  log: Pick<AccountLog, 'device' | 'holdingsOf'>,
): readonly LaneSpan[] {
  return snapshots
    .flatMap(({ covers }) => covers)
    .map((span) => {
      const known = highestNumber(heldRanges(log.holdingsOf(span)))
      return span.device === log.device ? { ...span, to: Math.min(span.to, known) } : span
    })
    .filter(({ from, to }) => from <= to)
}
