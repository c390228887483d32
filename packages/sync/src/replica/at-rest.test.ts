import type { DeviceId } from '@kithmesh/protocol'
import { expect, test } from 'vitest'
import { createMemoryAccountLogStore } from '../log/memory-account-log-store.ts'
import { nobleRecordCrypto } from '../log/record-crypto.ts'
import { countRanges, highestNumber } from '../range-set.ts'
import { accountNumber } from '../testing/ids.ts'
import { contentsOf, openReplica, type TestReplica } from '../testing/replicas.ts'
import { REST_BYTES } from './compaction.ts'

/** Signatures are not what is at stake. */
const UNSIGNED = { ...nobleRecordCrypto, verify: () => true }
/** Records kept beside a snapshot, and the snapshot. */
const KEPT = 64 + 1
/** More records of an edit each than {@link REST_BYTES} holds: each takes 160 bytes and more. */
const MANY = REST_BYTES / 160

async function editOneByOne({ data, flush }: TestReplica, edits: number): Promise<void> {
  for (let edit = 0; edit < edits; edit += 1) {
    data.contacts.set(accountNumber(edit % 20), { name: `name ${edit}`, addedAt: edit })
    await flush()
  }
}

function ownLane({ log, id }: TestReplica): { readonly stored: number; readonly top: number } {
  const { stored } = log.holdingsOf({ device: id, lane: 'data' })
  return { stored: countRanges(stored), top: highestNumber(stored) }
}

test('ALOG-8 a device that stops leaves its state and few records, once, and starts with all it had', async () => {
  const store = createMemoryAccountLogStore()
  const options = { store, crypto: UNSIGNED }
  const ada = await openReplica(1, options)
  await editOneByOne(ada, MANY)
  const before = contentsOf(ada)
  await ada.close()
  const again = await openReplica(1, { ...options, life: 1 })
  expect(contentsOf(again)).toEqual(before)
  expect(ownLane(again).stored).toBeLessThanOrEqual(KEPT)
  const { top } = ownLane(again)
  await again.close()
  const third = await openReplica(1, { ...options, life: 2 })
  expect(ownLane(third).top).toBe(top)
  await third.close()
})

test('ALOG-8 a few edits are no reason for a snapshot, and a device that is out writes none', async () => {
  const few = await openReplica(1, { crypto: UNSIGNED })
  await editOneByOne(few, 20)
  await few.close()
  expect(ownLane(few).top).toBe(20)

  const out = new Set<DeviceId>()
  const mayWrite = (device: DeviceId): boolean => !out.has(device)
  const removed = await openReplica(2, { crypto: UNSIGNED, mayWrite })
  await editOneByOne(removed, MANY)
  out.add(removed.id)
  const { top } = ownLane(removed)
  await removed.close()
  expect(ownLane(removed).top).toBe(top)
})
