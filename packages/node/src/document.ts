import type { DeviceId } from '@kithmesh/protocol'
import { bytes, type Codec, codec, deviceId, list, record, uint } from '@kithmesh/protocol'
import {
  type AccountData,
  type AccountLog,
  differenceRanges,
  type LaneHoldings,
  type RangeSet,
  type RecordEvent,
  unionRanges,
} from '@kithmesh/sync'
import type { DeviceContext } from './context.ts'
import { codeOf } from './faults.ts'
import { UPDATE } from './log-contents.ts'
import type { Staged } from './staged.ts'
import type { Op } from './store/store-types.ts'

/** The account data on disk: a snapshot, and the records it holds; the log has the rest. */
export interface Document {
  /** As it was saved last; undefined before. */
  readonly snapshot: Uint8Array | undefined
  /** Applies what the log holds beyond the snapshot, then every record as it comes. */
  catchUp(data: AccountData): Promise<void>
  /** Saves a snapshot of the data as it is. */
  save(data: AccountData): Promise<void>
}

/** Records applied since the last snapshot before the next one: opening replays no more than this. */
const SNAPSHOT_EVERY = 512

/** Reads the snapshot of the account data. */
export async function openDocument(
  context: DeviceContext,
  log: AccountLog<Staged>,
): Promise<Document> {
  const { tables, store, logger } = context
  const stored = await tables.document.get(DATA)
  const saved = stored ? savedCodec.decode(stored) : undefined
  const applied = new Map<DeviceId, RangeSet>()
  for (const { device, ranges } of saved?.applied ?? []) applied.set(device, ranges)
  let sinceSave = 0

  async function catchUp(data: AccountData): Promise<void> {
    const seed = saved ? undefined : await tables.document.get(LINK_SEED)
    if (seed && seed.length > 0) data.applyUpdate(seed)
    for (const holdings of log.holdings())
      if (holdings.lane === 'data') await replay(data, holdings)
    log.events.addEventListener('records:accepted', ({ detail }) => {
      for (const event of detail.events) if (event.record.lane === 'data') apply(data, event)
      if (sinceSave >= SNAPSHOT_EVERY) void save(data).catch(report)
    })
    log.events.addEventListener('record:appended', ({ detail: { record: own } }) => {
      if (own.lane === 'data') mark(own.device, own.seq)
    })
  }

  async function replay(
    data: AccountData,
    { device, lane, stored: held }: LaneHoldings,
  ): Promise<void> {
    for (const { from, to } of differenceRanges(held, applied.get(device) ?? [])) {
      for await (const event of log.readOpened({ device, lane, from, to })) apply(data, event)
    }
  }

  function apply(data: AccountData, { record: { device, seq }, contents }: RecordEvent): void {
    for (const { kind, body } of contents) {
      if (kind !== UPDATE) continue
      const outcome = data.applyUpdate(body, { source: device })
      if (outcome.kind === 'refused') logger.warn('an update was refused', { code: outcome.code })
      // Waiting for others: it is in memory only, so the snapshot must not count it as applied.
      if (outcome.kind === 'held') return
    }
    mark(device, seq)
  }

  function mark(device: DeviceId, seq: number): void {
    applied.set(device, unionRanges(applied.get(device) ?? [], [{ from: seq, to: seq }]))
    sinceSave++
  }

  async function save(data: AccountData): Promise<void> {
    if (sinceSave === 0) return
    sinceSave = 0
    const value = savedCodec.encode({
      snapshot: data.snapshot(),
      applied: [...applied].map(([device, ranges]) => ({ device, ranges })),
    })
    await store.commit([tables.document.put(DATA, value)])
  }

  function report(error: unknown): void {
    logger.warn('the account data was not saved; the log still has it', { code: codeOf(error) })
  }

  return { snapshot: saved?.snapshot, catchUp, save }
}

const DATA = 'data'
const LINK_SEED = 'link seed'

/** What a newly linked device begins with: the account data as the other device had it, one update. */
export function linkSeedOp({ tables }: DeviceContext, update: Uint8Array): Op {
  return tables.document.put(LINK_SEED, update)
}
const MAX_SNAPSHOT_BYTES = 60 * 1024 * 1024

const savedCodec: Codec<{
  readonly snapshot: Uint8Array
  readonly applied: readonly { readonly device: DeviceId; readonly ranges: RangeSet }[]
}> = codec(
  record({
    snapshot: bytes({ max: MAX_SNAPSHOT_BYTES }),
    applied: list(
      record({
        device: deviceId,
        ranges: list(record({ from: uint(), to: uint() }), { max: 100_000 }),
      }),
      { max: 4096 },
    ),
  }),
  { maxBytes: MAX_SNAPSHOT_BYTES + 4 * 1024 * 1024 },
)
