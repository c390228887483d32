import { type DeviceId, KithError, type Rng, type Signer } from '@kithmesh/protocol'
import { highestNumber } from '../range-set.ts'
import type { AccountLogStore } from './account-log-store.ts'
import { type HoldingsBook, heldRanges, type LaneHoldings, type Tip } from './holdings.ts'
import { type Lane, type LaneId, type LogPosition, laneKey } from './lane.ts'
import { MAX_CONTENTS, MAX_CONTENTS_BYTES, NO_PREV, type RecordContent } from './record.ts'
import type { RecordSealer, SealedRecord } from './seal.ts'

/** What one call adds to this device's log. */
export interface LogEntry<Alongside = never> {
  readonly lane: Lane
  /** At least one; together at most 250 KiB. */
  readonly contents: readonly RecordContent[]
  /** The host's own operations, durable together with the record or not at all. */
  readonly alongside?: readonly Alongside[]
}

/** Adds records to this device's own lanes. */
export interface Appending<Alongside> {
  /**
   * Resolves when the entry is durable, with the place of its record. Other entries may share the
   * record.
   */
  append(
    entry: LogEntry<Alongside>,
    options: { readonly signal?: AbortSignal },
  ): Promise<LogPosition>
  /** Whether a place of an own lane is taken by a record on its way to the disk. */
  isTaken(lane: LaneId, seq: number): boolean
  /**
   * Notes that this device wrote up to `tip`, as a sibling knows: a restored backup goes on after
   * it (ALOG-10).
   */
  skipTo(lane: LaneId, tip: Tip): void
}

/** What {@link createAppending} works with. */
export interface AppendingParts<Alongside> {
  readonly device: DeviceId
  readonly signer: Signer
  readonly rng: Rng
  readonly sealer: RecordSealer
  readonly store: AccountLogStore<Alongside>
  readonly book: HoldingsBook
  /** Called when a record is durable. */
  readonly appended: (sealed: SealedRecord) => void
}

/** Bytes left of a record's plaintext for what stands around the contents. */
const FRAMING_BYTES = 4 * 1024
/** Bytes of contents in one record. */
export const MAX_ENTRY_BYTES: number = MAX_CONTENTS_BYTES - FRAMING_BYTES

/** Adds to the own lanes of one device; the store already holds what `book` says. */
export function createAppending<Alongside>(parts: AppendingParts<Alongside>): Appending<Alongside> {
  const lanes = new Map<string, OwnLane<Alongside>>()
  const laneOf = (id: LaneId): OwnLane<Alongside> => {
    const own = lanes.get(laneKey(id)) ?? openOwnLane(parts, id)
    lanes.set(laneKey(id), own)
    return own
  }
  return {
    append: async ({ lane, ...entry }, { signal }) => {
      signal?.throwIfAborted()
      checkEntry(entry.contents)
      return laneOf({ device: parts.device, lane }).append(entry)
    },
    isTaken: (lane, seq) => laneOf(lane).isTaken(seq),
    skipTo: (lane, tip) => laneOf(lane).skipTo(tip),
  }
}

function checkEntry(contents: readonly RecordContent[]): void {
  if (contents.length === 0) throw new KithError('ERR_MALFORMED', 'an entry without contents')
  if (contents.length > MAX_CONTENTS || sizeOf(contents) > MAX_ENTRY_BYTES) {
    throw new KithError('ERR_TOO_LARGE', `an entry over ${MAX_ENTRY_BYTES} bytes`)
  }
}

/** CBOR puts at most 10 bytes around a body and 34 around its kind. */
function sizeOf(contents: readonly RecordContent[]): number {
  return contents.reduce((bytes, { body }) => bytes + body.length + 44, 0)
}

interface OwnLane<Alongside> {
  append(entry: Omit<LogEntry<Alongside>, 'lane'>): Promise<LogPosition>
  isTaken(seq: number): boolean
  skipTo(tip: Tip): void
}

interface Waiting<Alongside> extends Omit<LogEntry<Alongside>, 'lane'> {
  readonly resolve: (position: LogPosition) => void
  readonly reject: (error: unknown) => void
}

function openOwnLane<Alongside>(parts: AppendingParts<Alongside>, id: LaneId): OwnLane<Alongside> {
  let last = lastOf(parts.book.of(id))
  let waiting: Waiting<Alongside>[] = []
  let sealing = false
  const taken = new Set<number>()

  /**
   * Entries that came while one was being sealed share the next record: under load the price of
   * seal and signature is paid once for many, without load nothing waits (ALOG-6).
   */
  const sealWaiting = async (): Promise<void> => {
    sealing = true
    while (waiting.length > 0) {
      const { batch, rest } = nextBatch(waiting)
      waiting = rest
      await sealBatch(batch)
    }
    sealing = false
  }
  const sealBatch = async (batch: readonly Waiting<Alongside>[]): Promise<void> => {
    const seq = last.seq + 1
    taken.add(seq)
    try {
      const contents = batch.flatMap((entry) => entry.contents)
      const sealed = await parts.sealer.seal({ ...id, seq, prev: last.hash, contents }, parts)
      // A sibling may have told of later records of ours meanwhile (skipTo); those win.
      if (last.seq < seq) last = { seq, hash: sealed.hash }
      void commitBatch(batch, sealed)
    } catch (error) {
      taken.delete(seq)
      for (const { reject } of batch) reject(error)
    }
  }
  /** Not awaited by the next seal: the store puts commits that wait together into one write. */
  const commitBatch = async (
    batch: readonly Waiting<Alongside>[],
    sealed: SealedRecord,
  ): Promise<void> => {
    const alongside = batch.flatMap((entry) => entry.alongside ?? [])
    try {
      await parts.store.commit({ records: [sealed.record], alongside })
      parts.appended(sealed)
      for (const { resolve } of batch) resolve({ ...id, seq: sealed.record.seq })
    } catch (error) {
      for (const { reject } of batch) reject(error)
    } finally {
      taken.delete(sealed.record.seq)
    }
  }
  return {
    append: (entry) =>
      new Promise((resolve, reject) => {
        waiting.push({ ...entry, resolve, reject })
        if (!sealing) void sealWaiting()
      }),
    isTaken: (seq) => taken.has(seq),
    skipTo: (tip) => {
      if (tip.seq > last.seq) last = tip
    },
  }
}

/** Covered places count: they were written, and a number is used once (ALOG-2). */
function lastOf(held: LaneHoldings): Tip {
  const seq = highestNumber(heldRanges(held))
  return held.tip?.seq === seq ? held.tip : { seq, hash: NO_PREV }
}

function nextBatch<Alongside>(waiting: readonly Waiting<Alongside>[]): {
  readonly batch: Waiting<Alongside>[]
  readonly rest: Waiting<Alongside>[]
} {
  let count = 0
  let bytes = 0
  const end = waiting.findIndex(({ contents }) => {
    count += contents.length
    bytes += sizeOf(contents)
    return count > MAX_CONTENTS || bytes > MAX_ENTRY_BYTES
  })
  const cut = end === -1 ? waiting.length : Math.max(end, 1)
  return { batch: waiting.slice(0, cut), rest: waiting.slice(cut) }
}
