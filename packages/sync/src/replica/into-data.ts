import type { DeviceId } from '@kithmesh/protocol'
import type { AccountData } from '../data/account-data.ts'
import type { UpdateOptions } from '../data/update-intake.ts'
import type { UpdateOutcome, UpdateRefusal } from '../data/update-outcome.ts'
import { sizeOfBody } from '../exchange/run-size.ts'
import type { RecordEvent } from '../log/accepting.ts'
import type { AccountLog, LogCallOptions } from '../log/account-log.ts'
import type { LaneId, LaneSpan, LogPosition } from '../log/lane.ts'
import { createLaneRanges } from '../log/lane-ranges.ts'
import type { RecordContent } from '../log/record.ts'
import { highestNumber, type RangeSet, unionRanges } from '../range-set.ts'
import { readShares, SHARES_KIND } from './noted-shares.ts'
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
  /** Snapshots that were refused for whom they came from, once: nothing will make room for them (ACC-30). */
  takeRefused(): readonly LaneSpan[]
  /** Drops what still waits of one device. */
  forget(device: DeviceId): void
}

/** What stood in the store. */
export interface Loaded {
  readonly snapshots: readonly WholeSnapshot[]
  readonly updateBytes: number
}

/** What is read of the log. */
export type LogReading = Pick<AccountLog, 'device' | 'holdings' | 'readOpened'>

/** A device whose updates find no room here, whatever others have (ACC-30). */
export interface RefusedUpdates {
  readonly device: DeviceId
  readonly code: UpdateRefusal
}

/** An update of a record, and whether this device wrote it before it was opened. */
interface UpdatePlace {
  readonly position: LogPosition
  readonly at: number
  readonly kept: boolean
}

/** Applies records to `data`. */
export function createIntoData(
  data: Pick<AccountData, 'applyUpdate' | 'dropHeld' | 'writerShares'>,
  onRefused: (refused: RefusedUpdates) => void = () => {},
): IntoData {
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

  let refused: LaneSpan[] = []
  const told = new Set<DeviceId>()
  /** Once for each device: it may ask a thousand times. */
  const tell = (device: DeviceId, outcome: UpdateOutcome): void => {
    if (!isBeyondShare(outcome) || told.has(device)) return
    told.add(device)
    onRefused({ device, code: outcome.code })
  }
  const applyUpdate = (update: Uint8Array, { position, at, kept }: UpdatePlace): UpdateOutcome => {
    const source = position.device
    const onSettled = (outcome: UpdateOutcome): void => {
      waiting.end(position, at)
      hasMoved ||= outcome.kind === 'applied'
    }
    const outcome = data.applyUpdate(update, { source, kept, onSettled })
    if (outcome.kind === 'held') waiting.begin(position, at)
    tell(source, outcome)
    hasMoved ||= outcome.kind === 'applied'
    return outcome
  }
  /** False when some of its updates found no room to wait. */
  const takeRecord = ({ record, contents }: RecordEvent, self?: DeviceId): boolean => {
    const kept = record.device === self
    const outcomes = contents.map(({ kind, body }, at) =>
      // Those that wait already are not to wait twice when their record is tried again.
      kind === UPDATE_KIND && !waiting.has(record, at)
        ? applyUpdate(body, { position: record, at, kept })
        : undefined,
    )
    if (!contents.every(isKnownKind) || outcomes.some(isStrange)) {
      unread.add(record, placeOf(record))
    }
    if (!outcomes.some(isCrowded)) return true
    crowded.add(record, placeOf(record))
    return false
  }
  const takeUpdates = (events: readonly RecordEvent[], self?: DeviceId): void => {
    for (const event of events.filter(isData)) takeRecord(event, self)
  }
  const applySnapshot = ({ state, span }: WholeSnapshot, options: UpdateOptions): boolean => {
    const outcome = data.applyUpdate(state, { kind: 'snapshot', ...options })
    tell(span.device, outcome)
    if (isBeyondShare(outcome)) refused.push(span)
    return outcome.kind === 'applied'
  }
  const wholeIn = (events: readonly RecordEvent[]): readonly WholeSnapshot[] =>
    events.filter(isData).flatMap((event) => wholeSnapshots(reader, event))
  const takeSnapshots = (events: readonly RecordEvent[]): readonly WholeSnapshot[] => {
    const taken = wholeIn(events).filter((one) => applySnapshot(one, { source: one.span.device }))
    hasMoved ||= taken.length > 0
    return taken
  }
  /** Those of siblings are tried again, for one that was refused may stand there; nobody's share is asked again. */
  const loadSnapshots = (
    events: readonly RecordEvent[],
    self: DeviceId,
  ): readonly WholeSnapshot[] => {
    const taken = [...wholeIn(events)]
      .sort((a, b) => Number(b.span.device === self) - Number(a.span.device === self))
      .filter((one) => applySnapshot(one, { kept: one.span.device === self }))
    hasMoved ||= taken.length > 0
    return taken
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
    takeRefused: () => {
      const spans = refused
      refused = []
      return spans
    },
    forget: (device) => {
      data.dropHeld(device)
      const lane = { device, lane: 'data' as const }
      crowded.remove(lane, crowded.of(lane))
      unread.remove(lane, unread.of(lane))
    },
    load: async (log, call) => {
      const events = await readData(log, call)
      // Snapshots first: of most updates they leave nothing to do or to wait for.
      const snapshots = loadSnapshots(events, log.device)
      for (const shares of sharesIn(events, log.device)) data.writerShares.restore(shares)
      takeUpdates(events, log.device)
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

/** Bytes that records with updates take in the log, with what stands around them; snapshots do not count. */
export function updateBytesOf(events: readonly RecordEvent[]): number {
  return events
    .filter(isData)
    .filter(({ contents }) => contents.some(({ kind }) => kind === UPDATE_KIND))
    .reduce((sum, { record }) => sum + sizeOfBody(record), 0)
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

const KNOWN_KINDS: ReadonlySet<string> = new Set([UPDATE_KIND, SNAPSHOT_KIND, SHARES_KIND])

function isKnownKind({ kind }: RecordContent): boolean {
  return KNOWN_KINDS.has(kind)
}

/** What this device has noted of shares; nobody else is believed in it. */
function sharesIn(
  events: readonly RecordEvent[],
  self: DeviceId,
): readonly ReadonlyMap<string, number>[] {
  return events
    .filter(({ record }) => record.device === self && record.lane === 'data')
    .flatMap(({ contents }) => contents)
    .flatMap((content) => readShares(content) ?? [])
}

/** Nothing a version known here writes. */
function isStrange(outcome: UpdateOutcome | undefined): boolean {
  return outcome?.kind === 'refused' && outcome.code === 'ERR_UPDATE_CONTENT'
}

/** Room may be made: what only this device has no room for must not count as read (ALOG-8). */
const NO_ROOM: ReadonlySet<UpdateRefusal> = new Set([
  'ERR_UPDATE_HELD_LIMIT',
  'ERR_UPDATE_FULL',
  'ERR_UPDATE_WRITERS',
])

function isBeyondShare(
  outcome: UpdateOutcome,
): outcome is UpdateOutcome & { readonly kind: 'refused' } {
  return outcome.kind === 'refused' && outcome.code === 'ERR_UPDATE_WRITERS'
}

function isCrowded(outcome: UpdateOutcome | undefined): boolean {
  return outcome?.kind === 'refused' && NO_ROOM.has(outcome.code)
}
