import { KithError } from '@kithmesh/protocol'
import {
  type AccountLogStore,
  type LaneId,
  type LaneSpan,
  type LogRecord,
  laneKey,
  rangesOf,
  type StoredLane,
  unionRanges,
} from '@kithmesh/sync'
import type { DeviceContext } from '../context.ts'
import { commitStaged, type Staged, stagedOps } from '../staged.ts'

/** The account log on this device's store: records and whatever belongs to them in one batch. */
export function createAccountLogStore(context: DeviceContext): AccountLogStore<Staged> {
  const { store, tables } = context

  /**
   * What stands on the disk, not what it says of itself: a lost record is one to fetch again (E2). By its
   * keys alone: one that does not open is found by the audit, and is then gone (STO-47, STO-48).
   */
  async function lanes(): Promise<readonly StoredLane[]> {
    const lanesByKey = new Map<string, LaneId>()
    const seqs = new Map<string, number[]>()
    let found = 0
    for await (const [device, lane, seq] of tables.records.keys()) {
      found += 1
      const key = laneKey({ device, lane })
      lanesByKey.set(key, { device, lane })
      const known = seqs.get(key) ?? []
      known.push(seq)
      seqs.set(key, known)
    }
    await requireAll(tables.records.name, found)
    const covered = new Map<string, StoredLane['covered']>()
    for await (const [device, lane, from, to] of tables.covered.keys()) {
      const key = laneKey({ device, lane })
      lanesByKey.set(key, { device, lane })
      covered.set(key, unionRanges(covered.get(key) ?? [], [{ from, to }]))
    }
    return [...lanesByKey].map(([key, lane]) => ({
      ...lane,
      stored: rangesOf(seqs.get(key) ?? []),
      covered: covered.get(key) ?? [],
    }))
  }

  /**
   * Own records that are gone would have their numbers used again. So this does not wait for the audit
   * (STO-51). @throws ERR_STORE_CORRUPT
   */
  async function requireAll(table: string, found: number): Promise<void> {
    const expected = await store.countOf(table)
    if (found < expected && !store.damage.some((one) => 'table' in one && one.table === table)) {
      throw new KithError('ERR_STORE_CORRUPT', `the table ${table} lost entries`)
    }
  }

  async function* read({ device, lane, from, to }: LaneSpan): AsyncIterable<LogRecord> {
    const range = {
      prefix: [device, lane],
      gte: [device, lane, from],
      lte: [device, lane, to],
    } as const
    for await (const [, record] of tables.records.entries(range)) yield record
  }

  return {
    lanes,
    read,
    commit: async ({ records = [], cover = [], drop = [], alongside = [] }) => {
      const ops = [
        ...records.map((one) => tables.records.put([one.device, one.lane, one.seq], one)),
        ...cover.map(({ device, lane, from, to }) =>
          tables.covered.put([device, lane, from, to], true),
        ),
        ...drop.flatMap(dropSpan),
      ]
      const own = records.find(({ device }) => device === context.device)
      await commitStaged(store, [stagedOps(...ops), ...alongside], own)
    },
  }

  function dropSpan({
    device,
    lane,
    from,
    to,
  }: LaneSpan): ReturnType<typeof tables.records.delete>[] {
    if (to - from > MAX_DROPPED)
      throw new KithError('ERR_TOO_LARGE', 'too many records to drop at once')
    const seqs = Array.from({ length: to - from + 1 }, (_, at) => from + at)
    return seqs.map((seq) => tables.records.delete([device, lane, seq]))
  }
}

/** Records deleted in one batch; a batch is held in memory until it is written. */
const MAX_DROPPED = 100_000
