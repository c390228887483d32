import type { DeviceId } from '@kithmesh/protocol'
import type { AccountData } from '../data/account-data.ts'
import type { UpdateOutcome, UpdateRefusal } from '../data/update-outcome.ts'
import type { RecordEvent } from '../log/accepting.ts'
import type { AccountLog, LogCallOptions } from '../log/account-log.ts'
import type { LaneId, LogPosition } from '../log/lane.ts'
import { createLaneRanges } from '../log/lane-ranges.ts'
import type { RecordContent } from '../log/record.ts'
import { highestNumber, type RangeSet, unionRanges } from '../range-set.ts'
import {
  createSnapshotReader,
  SNAPSHOT_KIND,
  type SnapshotReader,
  type WholeSnapshot,
} from './snapshot.ts'

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
  /** Reads again what found no room to wait, when anything was applied since. */
  retryCrowded(log: LogReading): Promise<void>
  /**
   * Places whose updates are not in the document: they wait for others, for room, or for a version that
   * knows what they say.
   */
  unapplied(lane: LaneId): RangeSet
  /** Drops what still waits of one device. */
  forget(device: DeviceId): void
}

/** What stood in the store. */
export interface Loaded {
  readonly snapshots: readonly WholeSnapshot[]
  readonly updateBytes: number
}

/** What is read of the log. */
export type LogReading = Pick<AccountLog, 'holdings' | 'readOpened'>

/** Applies records to `data`. */
export function createIntoData(data: Pick<AccountData, 'applyUpdate' | 'dropHeld'>): IntoData {
  const reader = createSnapshotReader()
  const crowded = createLaneRanges()
  /** Say something that only a later version knows: kept until that version runs here (ALOG-8). */
  const unread = createLaneRanges()
  const waiting = createWaiting()
  /**
   * Something was applied since crowded records were tried last: they may find room, or nothing
   * to wait for.
   */
  let hasMoved = false

  const applyUpdate = (update: Uint8Array, position: LogPosition, at: number): UpdateOutcome => {
    const onSettled = (outcome: UpdateOutcome): void => {
      waiting.end(position, at)
      hasMoved ||= outcome.kind === 'applied'
    }
    const outcome = data.applyUpdate(update, { source: position.device, onSettled })
    if (outcome.kind === 'held') waiting.begin(position, at)
    hasMoved ||= outcome.kind === 'applied'
    return outcome
  }
  /** False when some of its updates found no room to wait. */
  const takeRecord = ({ record, contents }: RecordEvent): boolean => {
    const outcomes = contents.map(({ kind, body }, at) =>
      // Those that wait already are not to wait twice when their record is tried again.
      kind === UPDATE_KIND && !waiting.has(record, at) ? applyUpdate(body, record, at) : undefined,
    )
    if (!contents.every(isKnownKind) || outcomes.some(isStrange)) {
      unread.add(record, placeOf(record))
    }
    if (!outcomes.some(isCrowded)) return true
    crowded.add(record, placeOf(record))
    return false
  }
  const takeUpdates = (events: readonly RecordEvent[]): void => {
    for (const event of events.filter(isData)) takeRecord(event)
  }
  const takeSnapshots = (events: readonly RecordEvent[]): readonly WholeSnapshot[] => {
    const whole = events
      .filter(isData)
      .flatMap((event) => wholeSnapshots(reader, event))
      .filter(({ state }) => data.applyUpdate(state, { kind: 'snapshot' }).kind === 'applied')
    hasMoved ||= whole.length > 0
    return whole
  }
  /**
   * Oldest first, and no further in a lane than the first that finds no room: what fills the room
   * waits for just these when records came newest first, so this must not wait for the room to
   * empty.
   */
  const retryLane = async (log: LogReading, lane: LaneId): Promise<void> => {
    for (const { from, to } of crowded.of(lane)) {
      for await (const event of log.readOpened({ ...lane, from, to })) {
        crowded.remove(lane, placeOf(event.record))
        if (!takeRecord(event)) return
      }
    }
  }
  const retryCrowded = async (log: LogReading): Promise<void> => {
    while (hasMoved && crowded.lanes().length > 0) {
      hasMoved = false
      for (const lane of crowded.lanes()) await retryLane(log, lane)
    }
  }
  return {
    unapplied: (lane) =>
      unionRanges(unionRanges(waiting.places(lane), crowded.of(lane)), unread.of(lane)),
    takeSnapshots,
    takeUpdates,
    retryCrowded,
    forget: (device) => {
      data.dropHeld(device)
      const lane = { device, lane: 'data' as const }
      crowded.remove(lane, crowded.of(lane))
      unread.remove(lane, unread.of(lane))
    },
    load: async (log, call) => {
      const events = await readData(log, call)
      // Snapshots first: of most updates they leave nothing to do or to wait for.
      const snapshots = takeSnapshots(events)
      takeUpdates(events)
      await retryCrowded(log)
      return { snapshots, updateBytes: updateBytesOf(events) }
    },
  }
}

/** Which updates of which records wait, by their place and their number in the record. */
interface Waiting {
  has(position: LogPosition, at: number): boolean
  begin(position: LogPosition, at: number): void
  end(position: LogPosition, at: number): void
  places(lane: LaneId): RangeSet
}

function createWaiting(): Waiting {
  const byPlace = new Map<string, Set<number>>()
  const places = createLaneRanges()
  const keyOf = ({ device, seq }: LogPosition): string => `${device}/${seq}`
  return {
    places: places.of,
    has: (position, at) => byPlace.get(keyOf(position))?.has(at) === true,
    begin: (position, at) => {
      const waiting = byPlace.get(keyOf(position)) ?? new Set<number>()
      byPlace.set(keyOf(position), waiting.add(at))
      places.add(position, placeOf(position))
    },
    end: (position, at) => {
      const waiting = byPlace.get(keyOf(position))
      waiting?.delete(at)
      if (waiting === undefined || waiting.size > 0) return
      byPlace.delete(keyOf(position))
      places.remove(position, placeOf(position))
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

function placeOf({ seq }: LogPosition): readonly [{ from: number; to: number }] {
  return [{ from: seq, to: seq }]
}

function isData({ record }: RecordEvent): boolean {
  return record.lane === 'data'
}

function isKnownKind({ kind }: RecordContent): boolean {
  return kind === UPDATE_KIND || kind === SNAPSHOT_KIND
}

/** Nothing a version known here writes. */
function isStrange(outcome: UpdateOutcome | undefined): boolean {
  return outcome?.kind === 'refused' && outcome.code === 'ERR_UPDATE_CONTENT'
}

/** Room may be made: what only this device has no room for must not count as read (ALOG-8). */
const NO_ROOM: ReadonlySet<UpdateRefusal> = new Set(['ERR_UPDATE_HELD_LIMIT', 'ERR_UPDATE_FULL'])

function isCrowded(outcome: UpdateOutcome | undefined): boolean {
  return outcome?.kind === 'refused' && NO_ROOM.has(outcome.code)
}
