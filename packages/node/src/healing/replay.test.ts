import {
  EPOCH_ID_BYTES,
  epochIdFromBytes,
  type LaneHoldings,
  type RecordEvent,
} from '@kithmesh/sync'
import { expect, test } from 'vitest'
import { openContext } from '../../test/context.ts'
import type { Staged } from '../staged.ts'
import { replayRecords } from './replay.ts'

const { device, store, tables } = await openContext()
const RECORDS = 3
const EPOCH = epochIdFromBytes(new Uint8Array(EPOCH_ID_BYTES))

/** A log of own messages that opens all it has. */
const log = {
  holdings: (): readonly LaneHoldings[] => [
    { device, lane: 'messages', stored: [{ from: 1, to: RECORDS }], covered: [], tip: undefined },
  ],
  readOpened: async function* ({ from, to }: { readonly from: number; readonly to: number }) {
    for (let seq = from; seq <= to; seq++) yield eventAt(seq)
  },
}

function eventAt(seq: number): RecordEvent {
  const nothing = new Uint8Array()
  return {
    record: {
      ...{ device, lane: 'messages', seq, epoch: EPOCH },
      ...{ prev: nothing, sealed: nothing, signature: nothing },
    },
    contents: [{ kind: 'content', body: Uint8Array.of(seq) }],
  }
}

/** Stages a value for each record, and notes what becomes of it. */
function taking(ops: (seq: number) => ReturnType<Staged['ops']>) {
  const staged = new Set<number>()
  const done = new Set<number>()
  const takeIn = async (record: { readonly kind: string; readonly content?: Uint8Array }) => {
    const seq = record.content?.[0] ?? 0
    staged.add(seq)
    const one: Staged = {
      ops: () => ops(seq),
      publish: () => void done.add(seq),
      discard: () => void staged.delete(seq),
    }
    return [one]
  }
  return { staged, done, takeIn }
}

const { signal } = new AbortController()
const write = (): ReturnType<Staged['ops']> => [
  tables.settings.put('device', { name: 'x', relays: [] }),
]

test('STO-49 every record of the messages lane is taken in again', async () => {
  const { done, takeIn } = taking(write)
  expect(await replayRecords({ store, log, takeIn, signal })).toBe(true)
  expect([...done]).toEqual([1, 2, 3])
})

test('STO-49 NODE-1 when a record cannot be staged, what was staged before it is taken back', async () => {
  const { staged, takeIn } = taking(write)
  const failing = async (record: Parameters<typeof takeIn>[0]) => {
    if (record.content?.[0] === RECORDS) throw new Error('no')
    return takeIn(record)
  }
  const parts = { store, log, takeIn: failing, signal }
  await expect(replayRecords(parts)).rejects.toThrow('no')
  expect([...staged]).toEqual([])
})

test('STO-49 NODE-1 when a change cannot say what to write, all of its batch is taken back', async () => {
  const { staged, takeIn } = taking((seq) => {
    if (seq === 2) throw new Error('too large')
    return write()
  })
  await expect(replayRecords({ store, log, takeIn, signal })).rejects.toThrow('too large')
  expect([...staged]).toEqual([])
})
