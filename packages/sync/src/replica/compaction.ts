import { type DeviceId, equalBytes, type Rng } from '@kithmesh/protocol'
import { type AccountData, createAccountData } from '../data/account-data.ts'
import type { AccountLog, LogCallOptions } from '../log/account-log.ts'
import { heldRanges } from '../log/holdings.ts'
import { type LaneId, type LaneSpan, laneKey } from '../log/lane.ts'
import {
  differenceRanges,
  highestNumbers,
  intersectRanges,
  type RangeSet,
  unionRanges,
} from '../range-set.ts'
import { noteShares } from './noted-shares.ts'
import { createSnapshot, MAX_COVERS, type WholeSnapshot } from './snapshot.ts'

/** Snapshots in place of the records they hold (ALOG-8). */
export interface Compaction {
  /** Writes a snapshot of the state as it is now and lets go of the records it holds. */
  compact(call?: LogCallOptions): Promise<void>
  /** Notes snapshots that came from the store or from siblings. */
  note(snapshots: readonly WholeSnapshot[]): void
  /**
   * Lets go of records that a sibling's snapshot holds, if it holds all that is in our document.
   */
  followSibling(snapshot: WholeSnapshot): Promise<void>
  /** Notes bytes of records with updates added to the log. */
  grow(bytes: number): void
  /** Whether the updates have outgrown the state. */
  isDue(): boolean
  /** Whether a device that stops should write a snapshot before. */
  isDueAtRest(): boolean
  /** Where the widest whole snapshot stands. */
  newest(): LaneSpan | undefined
}

/** What {@link createCompaction} works with. */
export interface CompactionParts {
  readonly data: AccountData
  readonly log: AccountLog
  /** Places whose updates are not in the document. */
  readonly unapplied: (lane: LaneId) => RangeSet
  readonly rng: Rng
}

/**
 * Bytes of records with updates after which the log is compacted: as much as the last snapshot, and not less than
 * this, which a device reads in a few milliseconds. So a log stays below twice its state and a
 * snapshot costs at most what it spares.
 */
export const COMPACT_BYTES: number = 256 * 1024
/**
 * A device that stops leaves no more behind its last snapshot than a quarter of it, and this: what it then reads
 * at its next start is the state and little else.
 */
export const REST_BYTES: number = 32 * 1024
/**
 * Records of each lane kept behind a snapshot: a sibling that lacks a few takes those and not the
 * whole.
 */
const KEPT_RECORDS = 64

/** Compacts the log of one device. */
export function createCompaction({ data, log, unapplied, rng }: CompactionParts): Compaction {
  let known: readonly Noted[] = []
  let grown = 0
  let lastBytes = 0
  /**
   * Spreads devices over the second half of the threshold, so that not all of them write a
   * snapshot at once.
   */
  const patience = 1 + spread(log.device)

  const note = (snapshots: readonly Noted[]): void => {
    known = [...known, ...snapshots].sort((a, b) => width(a) - width(b))
  }
  const newest = (): LaneSpan | undefined => known.at(-1)?.span
  const letGo = async ({ span, covers }: Noted, call?: LogCallOptions): Promise<void> => {
    const older = known.filter((other) => other.span !== span && isWithin(other.span, covers))
    known = known.filter((other) => !older.includes(other))
    const drop = [...older.map((other) => other.span), ...oldRecords(log, covers, span)]
    await log.prune({ cover: covers, drop }, call)
    grown = 0
  }
  return {
    note: (snapshots) => {
      note(snapshots)
      lastBytes = snapshots.reduce((most, { state }) => Math.max(most, state.length), lastBytes)
    },
    newest,
    grow: (bytes) => {
      grown += bytes
    },
    isDue: () => grown > patience * Math.max(COMPACT_BYTES, lastBytes),
    isDueAtRest: () => grown > Math.max(REST_BYTES, lastBytes / 4),
    compact: async (call) => {
      const state = data.encodeState()
      const covers = appliedSpans(log, unapplied)
      const contents = createSnapshot({ state, covers }, rng)
      const notes = noteShares(data.writerShares.counts())
      const writes = contents.map((part, at) =>
        log.append({ lane: 'data', contents: at === 0 ? [part, ...notes] : [part] }, call),
      )
      const seqs = (await Promise.all(writes)).map(({ seq }) => seq)
      const [from, to] = [Math.min(...seqs), Math.max(...seqs)]
      const snapshot = { span: { device: log.device, lane: 'data' as const, from, to }, covers }
      lastBytes = state.length
      note([snapshot])
      await letGo(snapshot, call)
    },
    followSibling: async (snapshot) => {
      if (!holdsAllOf(data, snapshot)) return
      lastBytes = snapshot.state.length
      await letGo(snapshot)
    },
  }
}

type Noted = Pick<WholeSnapshot, 'span' | 'covers'>

/** From 0 to 1, by the device id. */
function spread(device: DeviceId): number {
  return (device.charCodeAt(device.length - 1) % 32) / 32
}

function width({ covers }: Noted): number {
  return covers.reduce((sum, { from, to }) => sum + to - from + 1, 0)
}

/**
 * What of the lane `data` is held and in the document. Where there are too many holes the widest spans: what
 * is left out is only kept longer.
 */
function appliedSpans(
  log: AccountLog,
  unapplied: CompactionParts['unapplied'],
): readonly LaneSpan[] {
  return log
    .holdings()
    .filter(({ lane }) => lane === 'data')
    .flatMap((holdings) => {
      const { device, lane } = holdings
      const applied = differenceRanges(heldRanges(holdings), unapplied(holdings))
      return applied.map(({ from, to }) => ({ device, lane, from, to }))
    })
    .sort((a, b) => b.to - b.from - (a.to - a.from))
    .slice(0, MAX_COVERS)
}

/**
 * Stored records that a snapshot holds, but for the newest of each lane and the snapshot itself.
 */
function oldRecords(
  log: AccountLog,
  covers: readonly LaneSpan[],
  kept: LaneSpan,
): readonly LaneSpan[] {
  return log
    .holdings()
    .filter(({ lane }) => lane === 'data')
    .flatMap(({ device, lane, stored }) => {
      const covered = intersectRanges(stored, rangesIn(covers, { device, lane }))
      const old = differenceRanges(covered, highestNumbers(covered, KEPT_RECORDS))
      const own = laneKey(kept) === laneKey({ device, lane }) ? [kept] : []
      return differenceRanges(old, own).map(({ from, to }) => ({ device, lane, from, to }))
    })
}

function rangesIn(spans: readonly LaneSpan[], lane: Pick<LaneSpan, 'device' | 'lane'>): RangeSet {
  return spans
    .filter((span) => laneKey(span) === laneKey(lane))
    .reduce<RangeSet>((ranges, { from, to }) => unionRanges(ranges, [{ from, to }]), [])
}

function isWithin(span: LaneSpan, covers: readonly LaneSpan[]): boolean {
  return differenceRanges([span], rangesIn(covers, span)).length === 0
}

/**
 * Whether a snapshot says everything our document says. Records are let go only then: what a
 * sibling left out of its snapshot, by fault or on purpose, stays with us.
 */
function holdsAllOf(data: AccountData, { state }: WholeSnapshot): boolean {
  const ours = data.encodeState()
  // As a rule: two documents that hold the same are written out the same, and no copy has to be made.
  if (equalBytes(state, ours)) return true
  const copy = createAccountData()
  const outcome = copy.applyUpdate(state, { kind: 'snapshot' })
  return outcome.kind === 'applied' && equalBytes(copy.encodeState(), ours)
}
