import { NO_RANGES, type RangeSet, rangesOf, unionRanges } from '../range-set.ts'
import type { AccountLogStore, LogChange, StoredLane } from './account-log-store.ts'
import { type LaneId, type LaneSpan, laneKey } from './lane.ts'
import type { LogRecord } from './record.ts'

/** A store that forgets with the process: for tests, and for temporary sessions in a browser. */
export function createMemoryAccountLogStore<Alongside = never>(
  options: { readonly commitAlongside?: (alongside: readonly Alongside[]) => void } = {},
): AccountLogStore<Alongside> {
  const lanes = new Map<string, MemoryLane>()
  const laneOf = ({ device, lane }: LaneId): MemoryLane => {
    const key = laneKey({ device, lane })
    const known = lanes.get(key) ?? { id: { device, lane }, records: new Map(), covered: NO_RANGES }
    lanes.set(key, known)
    return known
  }
  const apply = ({
    records = [],
    cover = [],
    drop = [],
    alongside,
  }: LogChange<Alongside>): void => {
    for (const record of records) laneOf(record).records.set(record.seq, record)
    for (const span of cover) {
      const lane = laneOf(span)
      lane.covered = unionRanges(lane.covered, [{ from: span.from, to: span.to }])
    }
    for (const span of drop) dropSpan(laneOf(span), span)
    if (alongside !== undefined) options.commitAlongside?.(alongside)
  }
  return {
    lanes: async () => [...lanes.values()].map(storedLane).filter(isUsed),
    async *read({ from, to, ...lane }) {
      const { records } = laneOf(lane)
      for (const seq of seqsWithin(records, from, to)) {
        const record = records.get(seq)
        if (record !== undefined) yield record
      }
    },
    commit: async (change, { signal } = {}) => {
      signal?.throwIfAborted()
      apply(change)
    },
  }
}

interface MemoryLane {
  readonly id: LaneId
  readonly records: Map<number, LogRecord>
  covered: RangeSet
}

function storedLane({ id, records, covered }: MemoryLane): StoredLane {
  return { ...id, stored: rangesOf(records.keys()), covered }
}

function isUsed({ stored, covered }: StoredLane): boolean {
  return stored.length > 0 || covered.length > 0
}

function dropSpan({ records }: MemoryLane, { from, to }: LaneSpan): void {
  for (const seq of records.keys()) if (from <= seq && seq <= to) records.delete(seq)
}

/**
 * Counts up where the span is about as long as the lane; sorts what is there where it is longer.
 */
function* seqsWithin(
  records: ReadonlyMap<number, LogRecord>,
  from: number,
  to: number,
): Iterable<number> {
  if (to - from <= 2 * records.size) {
    for (let seq = from; seq <= to; seq += 1) yield seq
  } else {
    yield* [...records.keys()].filter((seq) => from <= seq && seq <= to).sort((a, b) => a - b)
  }
}
