import type { Clock } from '@kithmesh/protocol'
import type { AccountData } from '../data/account-data.ts'
import type { AccountLog, LogCallOptions } from '../log/account-log.ts'
import type { LaneSpan } from '../log/lane.ts'
import { createTurns } from '../log/turns.ts'
import type { Scheduler } from '../scheduler.ts'
import type { Compaction } from './compaction.ts'
import type { IntoData, LogReading } from './into-data.ts'
import type { Removals } from './removals.ts'
import type { WholeSnapshot } from './snapshot.ts'

/** What a replica does by itself, in the background and one thing at a time. */
export interface Upkeep {
  compact(call?: LogCallOptions): Promise<void>
  /** Another set of devices is in. */
  membersChanged(call: LogCallOptions): Promise<void>
  /** The replica was just opened. */
  opened(): void
  /** Updates came in or went out: compacts when they have outgrown the state. */
  grew(bytes: number): void
  /** Snapshots of siblings were taken in. */
  followed(snapshots: readonly WholeSnapshot[]): void
  /** Snapshots of siblings that will never find room: let go of, and not asked for again. */
  refused(spans: readonly LaneSpan[]): void
  /** Somebody needs a snapshot of ours. */
  asked(): void
  /**
   * Two records stand at one place somewhere: both sides' whole states settle what may have been
   * lost.
   */
  forked(): void
  /** Everything a sibling can send is here. */
  caughtUp(): void
  /** Leaves a log that is read soon at the next start; resolves when nothing runs any more. */
  close(): Promise<void>
}

/** What {@link createUpkeep} works with. */
export interface UpkeepParts {
  readonly data: AccountData
  readonly log: LogReading & Pick<AccountLog, 'prune'>
  readonly into: IntoData
  readonly compaction: Compaction
  readonly removals: Removals
  readonly clock: Pick<Clock, 'monotonic'>
  readonly scheduler: Scheduler
  readonly askSnapshot: () => void
  readonly onFailure: (error: unknown) => void
}

/**
 * Updates that still wait this long after a sibling has sent all it can wait for something that
 * is gone.
 */
export const HEAL_MS = 10_000
/**
 * Least time between two snapshots asked for, in either direction: an unlucky sibling must not
 * make us write without end.
 */
export const ASKED_MS = 60_000

/** Keeps one replica in order. */
export function createUpkeep(parts: UpkeepParts): Upkeep {
  const { data, log, into, compaction, removals, clock, scheduler, onFailure } = parts
  const inTurn = createTurns()
  const inBackground = (task: () => Promise<void>): void => {
    void inTurn(task).catch(onFailure)
  }
  const writeAsked = limited(clock, () => inBackground(() => compaction.compact()))
  const askSiblings = limited(clock, parts.askSnapshot)
  let cancelHeal = (): void => {}
  return {
    compact: (call) => inTurn(() => compaction.compact(call)),
    membersChanged: (call) => inTurn(() => removals.settle(call)),
    opened: () => {
      if (removals.isAnyOut()) inBackground(() => removals.settle({}))
    },
    grew: (bytes) => {
      compaction.grow(bytes)
      if (compaction.isDue()) inBackground(() => compactIfDue(compaction))
    },
    followed: (snapshots) => {
      compaction.note(snapshots)
      inBackground(async () => {
        for (const snapshot of snapshots) await compaction.followSibling(snapshot)
        await into.retryCrowded(log)
      })
    },
    refused: (spans) => {
      if (spans.length > 0) inBackground(() => log.prune({ cover: spans, drop: spans }))
    },
    asked: writeAsked,
    forked: () => {
      writeAsked()
      askSiblings()
    },
    caughtUp: () => {
      cancelHeal()
      if (data.heldCount === 0) return
      cancelHeal = scheduler.schedule(HEAL_MS, () => {
        if (data.heldCount > 0) askSiblings()
      })
    },
    close: async () => {
      cancelHeal()
      await inTurn(async () => {
        if (compaction.isDueAtRest() && !removals.isSelfOut()) await compaction.compact()
      }).catch(onFailure)
    },
  }
}

/** Asked again: a snapshot of a sibling may have come between. */
async function compactIfDue(compaction: Compaction): Promise<void> {
  if (compaction.isDue()) await compaction.compact()
}

/** At most once in {@link ASKED_MS}. */
function limited(clock: Pick<Clock, 'monotonic'>, run: () => void): () => void {
  let last = Number.NEGATIVE_INFINITY
  return () => {
    if (clock.monotonic() - last < ASKED_MS) return
    last = clock.monotonic()
    run()
  }
}
