import type { AccountData } from '../data/account-data.ts'
import type { UpdateOutcome } from '../data/update-outcome.ts'
import type { RecordEvent } from '../log/accepting.ts'
import type { AccountLog, LogCallOptions } from '../log/account-log.ts'
import type { LaneSpan, LogPosition } from '../log/lane.ts'
import { createLaneRanges, type LaneRanges } from '../log/lane-ranges.ts'
import { highestNumber } from '../range-set.ts'
import { createSnapshotReader, type SnapshotReader, type WholeSnapshot } from './snapshot.ts'

/** The kind of content that carries one update of account data, Yjs encoding version 1. */
export const UPDATE_KIND = 'update'

/** From records of the lane `data` into the document. */
export interface IntoData {
  /** Fills the document from the store; gives what stands there. */
  load(log: LogReading, call: LogCallOptions): Promise<Loaded>
  /** Applies and gives every snapshot that these records make whole. */
  takeSnapshots(events: readonly RecordEvent[]): readonly WholeSnapshot[]
  /** Applies the updates of these records. */
  takeUpdates(events: readonly RecordEvent[]): void
  /** Reads again what found no room to wait, when others no longer wait. */
  retryCrowded(log: LogReading): Promise<void>
  /** Places whose updates are not in the document: they wait for others, or for room to wait. */
  readonly unapplied: LaneRanges
}

/** What stood in the store. */
export interface Loaded {
  readonly snapshots: readonly WholeSnapshot[]
  readonly updateBytes: number
}

/** What is read of the log. */
export type LogReading = Pick<AccountLog, 'holdings' | 'readOpened'>

/** Applies records to `data`. */
export function createIntoData(data: AccountData): IntoData {
  const reader = createSnapshotReader()
  const unapplied = createLaneRanges()
  const crowded = createLaneRanges()
  /** How many updates of a record wait, by its place. */
  const waiting = new Map<string, number>()

  const wait = (position: LogPosition, by: 1 | -1): void => {
    const key = `${position.device}/${position.seq}`
    const count = (waiting.get(key) ?? 0) + by
    if (count > 0) waiting.set(key, count)
    else waiting.delete(key)
    if (count > 0) unapplied.add(position, placeOf(position))
    else unapplied.remove(position, placeOf(position))
  }
  const applyUpdate = (update: Uint8Array, position: LogPosition): UpdateOutcome => {
    const onSettled = (): void => wait(position, -1)
    const outcome = data.applyUpdate(update, { source: position.device, onSettled })
    if (outcome.kind === 'held') wait(position, 1)
    return outcome
  }
  const takeRecord = ({ record, contents }: RecordEvent): void => {
    const updates = contents.filter(({ kind }) => kind === UPDATE_KIND)
    const outcomes = updates.map(({ body }) => applyUpdate(body, record))
    if (!outcomes.some(isCrowded)) return
    crowded.add(record, placeOf(record))
    unapplied.add(record, placeOf(record))
  }
  const takeUpdates = (events: readonly RecordEvent[]): void => {
    for (const event of events.filter(isData)) takeRecord(event)
  }
  const takeSnapshots = (events: readonly RecordEvent[]): readonly WholeSnapshot[] =>
    events
      .filter(isData)
      .flatMap((event) => wholeSnapshots(reader, event))
      .filter(({ state }) => data.applyUpdate(state, { kind: 'snapshot' }).kind === 'applied')

  const retryCrowded = async (log: LogReading): Promise<void> => {
    const spans = spansOf(crowded)
    crowded.clear()
    for (const span of spans) {
      // Out before it is tried: it comes back by itself where it finds no room again.
      unapplied.remove(span, [span])
      for await (const event of log.readOpened(span)) takeRecord(event)
    }
  }
  return {
    unapplied,
    takeSnapshots,
    takeUpdates,
    load: async (log, call) => {
      const events = await readData(log, call)
      // Snapshots first: of most updates they leave nothing to do or to wait for.
      const snapshots = takeSnapshots(events)
      takeUpdates(events)
      for (let left = spansOf(crowded).length; left > 0; ) {
        await retryCrowded(log)
        const now = spansOf(crowded).length
        left = now < left ? now : 0
      }
      return { snapshots, updateBytes: updateBytesOf(events) }
    },
    retryCrowded: async (log) => {
      if (data.heldCount === 0) await retryCrowded(log)
    },
  }
}

/** Bytes of updates in records of the lane `data`; snapshots do not count. */
export function updateBytesOf(events: readonly RecordEvent[]): number {
  return events
    .filter(isData)
    .flatMap(({ contents }) => contents)
    .filter(({ kind }) => kind === UPDATE_KIND)
    .reduce((sum, { body }) => sum + body.length, 0)
}

function wholeSnapshots(reader: SnapshotReader, event: RecordEvent): readonly WholeSnapshot[] {
  return event.contents.flatMap((content) => reader.take(content, event.record) ?? [])
}

async function readData(log: LogReading, call: LogCallOptions): Promise<readonly RecordEvent[]> {
  const events: RecordEvent[] = []
  for (const { device, lane, stored } of log.holdings()) {
    if (lane !== 'data') continue
    const span = { device, lane, from: 1, to: highestNumber(stored) }
    for await (const event of log.readOpened(span, call)) events.push(event)
  }
  return events
}

function spansOf(places: LaneRanges): readonly LaneSpan[] {
  return places
    .lanes()
    .flatMap((lane) => places.of(lane).map(({ from, to }) => ({ ...lane, from, to })))
}

function placeOf({ seq }: LogPosition): readonly [{ from: number; to: number }] {
  return [{ from: seq, to: seq }]
}

function isData({ record }: RecordEvent): boolean {
  return record.lane === 'data'
}

function isCrowded(outcome: UpdateOutcome): boolean {
  return outcome.kind === 'refused' && outcome.code === 'ERR_UPDATE_HELD_LIMIT'
}
