import { type DeviceId, equalBytes, type MaybePromise } from '@kithmesh/protocol'
import { includesNumber, rangesOf } from '../range-set.ts'
import type { AccountLogStore } from './account-log-store.ts'
import { refusalByStanding, type Standing } from './admission.ts'
import type { Appending } from './appending.ts'
import { type CheckedRecord, checkAuthenticity } from './authenticity.ts'
import type { HoldingsBook } from './holdings.ts'
import { type LaneSpan, type LogPosition, laneKey, MAX_SEQ } from './lane.ts'
import type { LogRecord, RecordContent } from './record.ts'
import type { RecordSealer } from './seal.ts'
import type { InTurn } from './turns.ts'

/** A record that was taken in, opened. */
export interface RecordEvent {
  readonly record: LogRecord
  readonly contents: readonly RecordContent[]
}

/** Why a record was not taken in. */
export type RecordRefusal =
  /** Its place is stored or covered already. Nothing is wrong. */
  | 'known'
  /** Its device did not sign it. */
  | 'forged'
  /** Its device is out, and its lane is `data` (A5, A8). Asked again when that changes. */
  | 'not-allowed'
  /** Its device is out, and nobody who is in vouches for it (A8). Asked again when somebody does. */
  | 'unvouched'
  /** Another record stands at its place (ALOG-10). */
  | 'equivocation'
  /** Its epoch is not known here yet; asked again when it is. */
  | 'epoch-unknown'
  /** Sealed for another place or key, or not well-formed inside. */
  | 'unreadable'

/** What became of each record given to `accept`. */
export interface AcceptReport {
  /** Durable now; of each lane in ascending order. */
  readonly accepted: readonly RecordEvent[]
  readonly refused: readonly { readonly position: LogPosition; readonly reason: RecordRefusal }[]
}

/** What a host adds to the commit of accepted records. */
export interface Prepared<Alongside> {
  readonly alongside?: readonly Alongside[]
  /** Places that the records make superfluous: those a snapshot among them covers. */
  readonly cover?: readonly LaneSpan[]
}

/** Sees accepted records before they are durable. */
export type Prepare<Alongside> = (
  events: readonly RecordEvent[],
) => MaybePromise<Prepared<Alongside>>

/** What {@link createAccepting} works with. */
export interface AcceptingParts<Alongside> {
  readonly device: DeviceId
  readonly sealer: RecordSealer
  readonly store: AccountLogStore<Alongside>
  readonly book: HoldingsBook
  readonly appending: Pick<Appending<Alongside>, 'isTaken' | 'skipTo'>
  readonly mayWrite: (device: DeviceId) => boolean
  readonly isVouchedFor: Standing['isVouchedFor']
  /** One at a time: two siblings may bring the same record, and it must be new only once. */
  readonly inTurn: InTurn
  readonly prepare: Prepare<Alongside>
  /** Called when records are durable, once for all that came together. */
  readonly accepted: (events: readonly RecordEvent[], prepared: Prepared<Alongside>) => void
  /** Called for each place at which two records of one device were seen. */
  readonly equivocated: (position: LogPosition) => void
}

/** Takes in records of siblings: `accept(records)`. */
export function createAccepting<Alongside>(
  parts: AcceptingParts<Alongside>,
): (
  records: readonly LogRecord[],
  options: { readonly signal?: AbortSignal },
) => Promise<AcceptReport> {
  return (records, { signal }) =>
    parts.inTurn(async () => {
      signal?.throwIfAborted()
      const accepted: AcceptedRecord[] = []
      const refused: { position: LogPosition; reason: RecordRefusal }[] = []
      for (const lane of byLane(records)) {
        for (const judged of await judgeLane(parts, lane)) {
          if (judged.kind === 'accepted') accepted.push(judged)
          else refused.push({ position: positionOf(judged.record), reason: judged.reason })
        }
      }
      await takeIn(parts, accepted, signal)
      return { accepted: accepted.map(({ event }) => event), refused }
    })
}

interface AcceptedRecord extends LogPosition {
  readonly kind: 'accepted'
  readonly event: RecordEvent
  readonly hash: Uint8Array
}

interface RefusedRecord {
  readonly kind: 'refused'
  readonly record: LogRecord
  readonly reason: RecordRefusal
}

type Judged = AcceptedRecord | RefusedRecord

/** Records by lane, ascending, one for each place (the first that came). */
function byLane<T extends LogPosition>(records: readonly T[]): readonly (readonly T[])[] {
  const lanes = new Map<string, Map<number, T>>()
  for (const record of records) {
    const lane = lanes.get(laneKey(record)) ?? new Map<number, T>()
    if (!lane.has(record.seq)) lane.set(record.seq, record)
    lanes.set(laneKey(record), lane)
  }
  return [...lanes.values()].map((lane) => [...lane.values()].sort((a, b) => a.seq - b.seq))
}

async function judgeLane<Alongside>(
  parts: AcceptingParts<Alongside>,
  records: readonly LogRecord[],
): Promise<readonly Judged[]> {
  const judged: Judged[] = []
  const fresh: LogRecord[] = []
  for (const record of records) {
    const reason = await refusalByPlace(parts, record)
    if (reason === undefined) fresh.push(record)
    else judged.push({ kind: 'refused', record, reason })
  }
  const prevAfter = (record: LogRecord): Promise<Uint8Array | undefined> =>
    storedAt(parts, { ...record, seq: record.seq + 1 }).then((after) => after?.prev)
  const checked = await checkAuthenticity(fresh, parts.sealer, prevAfter)
  const refusalOf = await refusalByStanding(checked, {
    isIn: records.every(({ device }) => parts.mayWrite(device)),
    isVouchedFor: parts.isVouchedFor,
    prevAfter,
  })
  for (const one of checked) judged.push(await judgeFresh(parts, one, refusalOf(one.record)))
  return judged
}

/** Why the place alone rules a record out: something stands there. */
async function refusalByPlace<Alongside>(
  parts: AcceptingParts<Alongside>,
  record: LogRecord,
): Promise<RecordRefusal | undefined> {
  if (!Number.isSafeInteger(record.seq) || record.seq < 1 || record.seq >= MAX_SEQ)
    return 'unreadable'
  const isTaken = record.device === parts.device && parts.appending.isTaken(record, record.seq)
  if (!isTaken && !parts.book.has(record, record.seq)) return undefined
  const stored = await storedAt(parts, record)
  const isSame = stored === undefined ? !isTaken : isSameRecord(stored, record)
  if (isSame) return 'known'
  if (!(await parts.sealer.verify(record))) return 'forged'
  parts.equivocated(positionOf(record))
  return 'equivocation'
}

/** The stored record at a place; undefined where none is stored. */
async function storedAt<Alongside>(
  { store, book }: AcceptingParts<Alongside>,
  { device, lane, seq }: LogPosition,
): Promise<LogRecord | undefined> {
  if (!includesNumber(book.of({ device, lane }).stored, seq)) return undefined
  for await (const record of store.read({ device, lane, from: seq, to: seq })) return record
  return undefined
}

async function judgeFresh<Alongside>(
  parts: AcceptingParts<Alongside>,
  { record, hash, authentic, forked }: CheckedRecord,
  refusal: RecordRefusal | undefined,
): Promise<Judged> {
  const refuse = (reason: RecordRefusal): Judged => ({ kind: 'refused', record, reason })
  if (!authentic) return refuse('forged')
  if (forked || leavesTip(parts.book, record)) parts.equivocated(positionOf(record))
  if (refusal !== undefined) return refuse(refusal)
  const opened = await parts.sealer.open(record)
  if (opened.kind !== 'opened') return refuse(opened.kind)
  const event = { record, contents: opened.contents }
  return { kind: 'accepted', ...positionOf(record), event, hash }
}

/** Whether a record follows our newest one of its lane by number, but names another before it. */
function leavesTip(book: HoldingsBook, record: LogRecord): boolean {
  const { tip } = book.of(record)
  return tip !== undefined && tip.seq + 1 === record.seq && !equalBytes(tip.hash, record.prev)
}

async function takeIn<Alongside>(
  parts: AcceptingParts<Alongside>,
  accepted: readonly AcceptedRecord[],
  signal: AbortSignal | undefined,
): Promise<void> {
  if (accepted.length === 0) return
  const events = accepted.map(({ event }) => event)
  const prepared = await parts.prepare(events)
  const records = events.map(({ record }) => record)
  await parts.store.commit({ records, ...prepared }, signal === undefined ? {} : { signal })
  for (const lane of byLane(accepted)) noteStored(parts, lane)
  for (const span of prepared.cover ?? []) parts.book.cover(span)
  parts.accepted(events, prepared)
}

/** Notes durable records of one lane, ascending. */
function noteStored<Alongside>(
  { book, appending, device: self }: AcceptingParts<Alongside>,
  records: readonly AcceptedRecord[],
): void {
  const last = records.at(-1)
  if (last === undefined) return
  const { device, lane, seq } = last
  const tip = { seq, hash: last.hash }
  book.store({ device, lane }, rangesOf(records.map((record) => record.seq)), tip)
  if (device === self) appending.skipTo({ device, lane }, tip)
}

function isSameRecord(a: LogRecord, b: LogRecord): boolean {
  return (
    a.epoch === b.epoch &&
    equalBytes(a.signature, b.signature) &&
    equalBytes(a.prev, b.prev) &&
    equalBytes(a.sealed, b.sealed)
  )
}

function positionOf({ device, lane, seq }: LogRecord): LogPosition {
  return { device, lane, seq }
}
