/**
 * The account log: every own device appends sealed records to its own log, and holds what it got
 * of the others'. What a record means is its reader's business; here it has a place, an author
 * and a seal.
 */

import {
  type AccountId,
  type DeviceId,
  deviceIdFromPublicKey,
  type Rng,
  type Signer,
} from '@kithmesh/protocol'
import { highestNumber, includesNumber, rangesOf } from '../range-set.ts'
import { createEvents, type TypedEvents } from '../typed-events.ts'
import {
  type AcceptReport,
  createAccepting,
  type Prepare,
  type Prepared,
  type RecordEvent,
} from './accepting.ts'
import type { AccountLogStore, StoredLane } from './account-log-store.ts'
import { createAppending, type LogEntry } from './appending.ts'
import type { EpochRing } from './epochs.ts'
import { createHoldingsBook, type HoldingsBook, type LaneHoldings, type Tip } from './holdings.ts'
import { LANES, type LaneId, type LaneSpan, type LogPosition, laneKey } from './lane.ts'
import { createPackWriter, openPack, type Pack, type PackWriter, type Unpacked } from './pack.ts'
import { type LogRecord, NO_PREV } from './record.ts'
import type { RecordCrypto } from './record-crypto.ts'
import { createRecordSealer, type RecordSealer, type SealedRecord } from './seal.ts'
import { createTurns } from './turns.ts'
import { createVouchBook } from './vouches.ts'
import { createVouching } from './vouching.ts'

/** `detail` of the events by name. Each comes after what it tells of is durable. */
export interface AccountLogEvents {
  /** This device wrote a record. */
  'record:appended': { readonly record: LogRecord }
  /**
   * Records of other devices (or, after a restored backup, forgotten ones of this device) were
   * taken in.
   */
  'records:accepted': { readonly events: readonly RecordEvent[] }
  /** Something is stored or covered now that was not, or no longer stored. */
  'holdings:changed': { readonly spans: readonly LaneSpan[] }
  /**
   * Two records of one device that is in at one place: it was restored from a backup, or copied, or
   * its key is stolen (ALOG-10).
   */
  'log:forked': LogPosition
  /**
   * Records that were refused for who wrote them may be taken in now: somebody vouched for a device
   * that is out, or another set of devices is in (ALOG-18).
   */
  'admission:changed': { readonly because: 'vouched' | 'members' }
}

/** How {@link openAccountLog} is asked. */
export interface AccountLogOptions<Alongside = never> {
  readonly account: AccountId
  /** Signs this device's records; its public key is the device. */
  readonly signer: Signer
  readonly epochs: EpochRing
  readonly store: AccountLogStore<Alongside>
  readonly rng: Rng
  readonly crypto: RecordCrypto
  /**
   * Whether a device is in now. What one that is out wrote is taken in only as far as those who are
   * in vouch for it (A5, A8).
   */
  readonly mayWrite: (device: DeviceId) => boolean
  /**
   * A number up to which own records may have been written although the store does not say so, as after
   * damage: own lanes go on behind it, so that no number is used twice (ALOG-2). Default: 0.
   */
  readonly writtenUpTo?: number
  /** Sees accepted records before they are durable, and adds to their commit. */
  readonly prepare?: Prepare<Alongside>
}

/** The account log on one device. */
export interface AccountLog<Alongside = never> {
  /** This device. */
  readonly device: DeviceId
  readonly epochs: EpochRing
  readonly events: TypedEvents<AccountLogEvents>
  /** Adds to this device's log; resolves when durable. @throws ERR_TOO_LARGE, ERR_MALFORMED */
  append(entry: LogEntry<Alongside>, options?: LogCallOptions): Promise<LogPosition>
  /** Takes in records of siblings: verified, allowed, opened, durable, in this order (ALOG-7). */
  accept(records: readonly LogRecord[], options?: LogCallOptions): Promise<AcceptReport>
  /** What is held of each lane of each device. */
  holdings(): readonly LaneHoldings[]
  holdingsOf(lane: LaneId): LaneHoldings
  /**
   * The hash of a stored record, by which the next one names it; undefined where none is stored.
   */
  hashAt(position: LogPosition, options?: LogCallOptions): Promise<Uint8Array | undefined>
  /** Stored records of a span, ascending, still sealed. */
  read(span: LaneSpan, options?: LogCallOptions): AsyncIterable<LogRecord>
  /** Stored records of a span, opened; those that cannot be opened are left out. */
  readOpened(span: LaneSpan, options?: LogCallOptions): AsyncIterable<RecordEvent>
  /** Begins a pack of stored records of a lane, to be given to a sibling in few bytes. */
  packing(lane: LaneId): PackWriter
  /** The records of a pack that a sibling gave; nothing is taken in yet. */
  unpack(lane: LaneId, pack: Pack): Promise<Unpacked>
  /** Marks places as covered, and deletes records. */
  prune(change: LogPruning<Alongside>, options?: LogCallOptions): Promise<void>
  /** Reports a fork that was seen elsewhere, e.g. a sibling's tip with another hash. */
  reportFork(position: LogPosition): void
  /**
   * Another set of devices is in than before: says durably how far the messages of each that is out
   * are held here, where this device has not said so, and has refused records asked for again
   * (ALOG-18). Does nothing but the latter when this device itself is out.
   */
  membersChanged(options?: LogCallOptions): Promise<void>
}

/** What need not be stored any more. */
export interface LogPruning<Alongside = never> {
  readonly cover?: readonly LaneSpan[]
  readonly drop?: readonly LaneSpan[]
  readonly alongside?: readonly Alongside[]
}

/** Cancels a call. */
export interface LogCallOptions {
  readonly signal?: AbortSignal
}

/**
 * Opens the account log of this device.
 *
 * @example
 * ```ts
 * const log = await openAccountLog({ account, signer, epochs, store, rng, crypto: nobleRecordCrypto, mayWrite })
 * await log.append({ lane: 'data', contents: [{ kind: 'update', body: update }] })
 * ```
 */
export async function openAccountLog<Alongside = never>(
  options: AccountLogOptions<Alongside>,
  { signal }: LogCallOptions = {},
): Promise<AccountLog<Alongside>> {
  const { account, signer, epochs, store, rng, crypto, mayWrite } = options
  const device = deviceIdFromPublicKey(signer.publicKey)
  const sealer = createRecordSealer({ account, epochs, crypto })
  const book = createHoldingsBook(await readLanes(store, sealer, signal))
  const events = createEvents<AccountLogEvents>()

  const inTurn = createTurns()
  const vouches = createVouchBook((voucher) =>
    openAll(
      store.read({ device: voucher, lane: 'messages', from: 1, to: topOf(book, voucher) }),
      sealer,
    ),
  )

  const appended = ({ record, hash }: SealedRecord): void => {
    book.store(record, rangesOf([record.seq]), { seq: record.seq, hash })
    events.emit('holdings:changed', { spans: [spanOf(record)] })
    events.emit('record:appended', { record })
  }
  const appending = createAppending<Alongside>({
    device,
    signer,
    rng,
    sealer,
    store,
    book,
    appended,
  })
  const behind = { seq: options.writtenUpTo ?? 0, hash: NO_PREV }
  for (const lane of LANES) appending.skipTo({ device, lane }, behind)
  const accepted = (records: readonly RecordEvent[], { cover = [] }: Prepared<Alongside>): void => {
    events.emit('holdings:changed', {
      spans: [...spansOf(records.map(({ record }) => record)), ...cover],
    })
    const isNews = vouches.note(records).some((vouchedFor) => !mayWrite(vouchedFor))
    events.emit('records:accepted', { events: records })
    if (isNews) events.emit('admission:changed', { because: 'vouched' })
  }
  const reportFork = (position: LogPosition): void => {
    // A device that is out can fork its log as often as it likes; nothing of it is taken in.
    if (mayWrite(position.device)) events.emit('log:forked', position)
  }
  const vouchersNow = (): readonly DeviceId[] =>
    [...new Set(book.list().map((lane) => lane.device))].filter(mayWrite)
  const accept = createAccepting<Alongside>({
    device,
    sealer,
    store,
    book,
    appending,
    mayWrite,
    isVouchedFor: ({ device: writer, seq }, hash) =>
      vouches.holds(vouchersNow(), writer, { seq, hash }),
    inTurn,
    accepted,
    prepare: options.prepare ?? (() => ({})),
    equivocated: reportFork,
  })
  const hashAt: AccountLog['hashAt'] = async (position, call) => {
    const { tip } = book.of(position)
    if (tip?.seq === position.seq) return tip.hash
    if (!includesNumber(book.of(position).stored, position.seq)) return undefined
    const records = store.read(spanOf(position), call)
    for await (const record of records) return sealer.hashOf(record)
    return undefined
  }
  const vouch = createVouching({
    device,
    book,
    vouches,
    mayWrite,
    hashAt,
    read: (span, call) => store.read(span, call),
    hashOf: sealer.hashOf,
    append: appending.append,
  })
  return {
    device,
    epochs,
    events,
    append: (entry, call = {}) => appending.append(entry, call),
    accept: (records, call = {}) => accept(records, call),
    holdings: book.list,
    holdingsOf: book.of,
    hashAt,
    read: (span, call) => store.read(span, call),
    readOpened: (span, call) => openAll(store.read(span, call), sealer),
    packing: (lane) => createPackWriter(lane, sealer, rng),
    unpack: (lane, pack) => openPack(lane, pack, sealer),
    prune: async (change, call) => {
      await store.commit(change, call)
      for (const span of change.cover ?? []) book.cover(span)
      for (const span of change.drop ?? []) book.drop(span)
      events.emit('holdings:changed', { spans: [...(change.cover ?? []), ...(change.drop ?? [])] })
    },
    reportFork,
    membersChanged: async (call = {}) => {
      // Behind what is being taken in: it was judged before, so it has to be vouched for.
      await inTurn(() => vouch(call))
      events.emit('admission:changed', { because: 'members' })
    },
  }
}

function topOf(book: HoldingsBook, device: DeviceId): number {
  return highestNumber(book.of({ device, lane: 'messages' }).stored)
}

async function readLanes<Alongside>(
  store: AccountLogStore<Alongside>,
  sealer: RecordSealer,
  signal: AbortSignal | undefined,
): Promise<readonly LaneHoldings[]> {
  const options = signal === undefined ? {} : { signal }
  const lanes = await store.lanes(options)
  return Promise.all(
    lanes.map(async (lane) => ({ ...lane, tip: await readTip(store, sealer, lane) })),
  )
}

async function readTip<Alongside>(
  store: AccountLogStore<Alongside>,
  sealer: RecordSealer,
  { device, lane, stored }: StoredLane,
): Promise<Tip | undefined> {
  const seq = highestNumber(stored)
  for await (const record of store.read({ device, lane, from: seq, to: seq })) {
    return { seq, hash: await sealer.hashOf(record) }
  }
  return undefined
}

async function* openAll(
  records: AsyncIterable<LogRecord>,
  sealer: RecordSealer,
): AsyncIterable<RecordEvent> {
  for await (const record of records) {
    const opened = await sealer.open(record)
    if (opened.kind === 'opened') yield { record, contents: opened.contents }
  }
}

/** Neighbours in one span: a window of a backlog is one change, not a hundred. */
function spansOf(records: readonly LogPosition[]): readonly LaneSpan[] {
  const spans: LaneSpan[] = []
  for (const record of records) {
    const last = spans.at(-1)
    const isNext =
      last !== undefined && last.to + 1 === record.seq && laneKey(last) === laneKey(record)
    if (isNext) spans.pop()
    spans.push(isNext ? { ...last, to: record.seq } : spanOf(record))
  }
  return spans
}

function spanOf({ device, lane, seq }: LogPosition): LaneSpan {
  return { device, lane, from: seq, to: seq }
}
