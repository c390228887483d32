/**
 * The compliance suite of the {@link AccountLogStore} seam. Free of any test framework: each case
 * works on an empty store and throws when something is not as it should be.
 */

import { type DeviceId, deviceIdFromPublicKey } from '@kithmesh/protocol'
import type { RangeSet } from '../range-set.ts'
import type { AccountLogStore } from './account-log-store.ts'
import { epochIdFromBytes } from './epochs.ts'
import type { LaneSpan } from './lane.ts'
import { type LogRecord, recordCodec } from './record.ts'

/** One thing every store of the account log keeps. */
export interface AccountLogStoreCase {
  readonly name: string
  /** `store` is empty. Rejects with what is wrong. */
  run(store: AccountLogStore): Promise<void>
}

const ADA: DeviceId = deviceIdFromPublicKey(new Uint8Array(32).fill(1))
const BEN: DeviceId = deviceIdFromPublicKey(new Uint8Array(32).fill(2))

/**
 * Run each of them on a store of its own.
 *
 * @example
 * ```ts
 * test.each(accountLogStoreCases)('$name', async ({ run }) => run(await openMyStore()))
 * ```
 */
export const accountLogStoreCases: readonly AccountLogStoreCase[] = [
  {
    name: 'ALOG-15 an empty store has no lanes and no records',
    run: async (store) => {
      same(await store.lanes(), [])
      same(await seqsIn(store, span(ADA, 1, 10)), [])
    },
  },
  {
    name: 'ALOG-15 what was committed is read back byte by byte, ascending, within the span',
    run: async (store) => {
      await store.commit({ records: [3, 1, 2, 7].map((seq) => recordAt(ADA, seq)) })
      same(await seqsIn(store, span(ADA, 2, 7)), [2, 3, 7])
      same(await seqsIn(store, span(ADA, 4, 6)), [])
      for await (const record of store.read(span(ADA, 3, 3))) sameRecord(record, recordAt(ADA, 3))
    },
  },
  {
    name: 'ALOG-15 lanes and devices do not see each other',
    run: async (store) => {
      await store.commit({ records: [recordAt(ADA, 1), recordAt(BEN, 2)] })
      await store.commit({ records: [{ ...recordAt(ADA, 5), lane: 'messages' }] })
      same(await seqsIn(store, span(ADA, 1, 9)), [1])
      same(await seqsIn(store, span(BEN, 1, 9)), [2])
      same(await seqsIn(store, { ...span(ADA, 1, 9), lane: 'messages' }), [5])
    },
  },
  {
    name: 'ALOG-15 numbers sort as numbers, however large',
    run: async (store) => {
      const seqs = [2, 10, 9, 300, 2 ** 33, Number.MAX_SAFE_INTEGER - 1]
      await store.commit({ records: seqs.map((seq) => recordAt(ADA, seq)) })
      same(
        await seqsIn(store, span(ADA, 1, Number.MAX_SAFE_INTEGER)),
        seqs.toSorted((a, b) => a - b),
      )
    },
  },
  {
    name: 'ALOG-15 lanes tell what is stored and what is covered, in the one form of a range set',
    run: async (store) => {
      await store.commit({ records: [1, 2, 3, 7].map((seq) => recordAt(ADA, seq)) })
      await store.commit({ cover: [span(ADA, 1, 4), span(ADA, 5, 6)] })
      await store.commit({ cover: [span(ADA, 2, 3), span(ADA, 1, 2), span(BEN, 9, 9)] })
      same(await rangesIn(store, ADA), {
        stored: [
          { from: 1, to: 3 },
          { from: 7, to: 7 },
        ],
        covered: [{ from: 1, to: 6 }],
      })
      same(await rangesIn(store, BEN), { stored: [], covered: [{ from: 9, to: 9 }] })
    },
  },
  {
    name: 'ALOG-15 dropped records are gone, their places stay covered',
    run: async (store) => {
      await store.commit({ records: [1, 2, 3, 4].map((seq) => recordAt(ADA, seq)) })
      await store.commit({ cover: [span(ADA, 1, 2)], drop: [span(ADA, 1, 3)] })
      same(await seqsIn(store, span(ADA, 1, 9)), [4])
      same(await rangesIn(store, ADA), {
        stored: [{ from: 4, to: 4 }],
        covered: [{ from: 1, to: 2 }],
      })
    },
  },
  {
    name: 'ALOG-15 a span may be far longer than what is stored in it',
    run: async (store) => {
      await store.commit({ records: [recordAt(ADA, 5)], cover: [span(ADA, 1, 2 ** 40)] })
      same(await seqsIn(store, span(ADA, 1, 2 ** 40)), [5])
    },
  },
  {
    name: 'ALOG-15 committing a record again changes nothing',
    run: async (store) => {
      await store.commit({ records: [recordAt(ADA, 1)] })
      await store.commit({ records: [recordAt(ADA, 1), recordAt(ADA, 2)] })
      same(await seqsIn(store, span(ADA, 1, 9)), [1, 2])
    },
  },
  {
    name: 'ALOG-15 commits called together take effect in the order of the calls',
    run: async (store) => {
      const change = { records: [recordAt(ADA, 1)] }
      const drop = { drop: [span(ADA, 1, 1)] }
      await Promise.all([store.commit(change), store.commit(drop), store.commit(change)])
      same(await seqsIn(store, span(ADA, 1, 9)), [1])
      await Promise.all([store.commit(change), store.commit(drop)])
      same(await seqsIn(store, span(ADA, 1, 9)), [])
    },
  },
]

function span(device: DeviceId, from: number, to: number): LaneSpan {
  return { device, lane: 'data', from, to }
}

/** Every place has bytes of its own. */
function recordAt(device: DeviceId, seq: number): LogRecord {
  const bytes = (length: number, salt: number): Uint8Array =>
    Uint8Array.from({ length }, (_, at) => (at * 7 + seq * 31 + salt) & 0xff)
  return {
    device,
    lane: 'data',
    seq,
    epoch: epochIdFromBytes(bytes(16, 1)),
    prev: bytes(32, 2),
    sealed: bytes(40 + (seq % 50), 3),
    signature: bytes(64, 4),
  }
}

async function seqsIn(store: AccountLogStore, where: LaneSpan): Promise<readonly number[]> {
  const seqs: number[] = []
  for await (const { seq } of store.read(where)) seqs.push(seq)
  return seqs
}

async function rangesIn(
  store: AccountLogStore,
  device: DeviceId,
): Promise<{ readonly stored: RangeSet; readonly covered: RangeSet } | undefined> {
  const lane = (await store.lanes()).find((one) => one.device === device && one.lane === 'data')
  return lane === undefined ? undefined : { stored: lane.stored, covered: lane.covered }
}

function sameRecord(one: LogRecord, other: LogRecord): void {
  same(recordCodec.encode(one).join(), recordCodec.encode(other).join())
}

function same(found: unknown, expected: unknown): void {
  const [is, should] = [JSON.stringify(found), JSON.stringify(expected)]
  if (is !== should) throw new Error(`found ${is}, expected ${should}`)
}
