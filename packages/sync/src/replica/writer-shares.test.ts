import { expect, test, vi } from 'vitest'
import { createAccountData } from '../data/account-data.ts'
import { MAX_WRITERS_PER_SOURCE } from '../data/writer-shares.ts'
import { createMemoryAccountLogStore } from '../log/memory-account-log-store.ts'
import { countRanges, includesNumber } from '../range-set.ts'
import { eventually } from '../testing/eventually.ts'
import { accountNumber } from '../testing/ids.ts'
import { sync } from '../testing/meeting.ts'
import { contentsOf, openReplica } from '../testing/replicas.ts'
import { textItem, wireUpdate } from '../testing/yjs-update.ts'
import { type RefusedUpdates, UPDATE_KIND } from './into-data.ts'
import { createSnapshot } from './snapshot.ts'

const SOURCE = 'somebody'

/** What a hostile device writes: an entry each under so many client ids. */
function writers(count: number, from = 1): Uint8Array {
  return wireUpdate(
    Array.from({ length: count }, (_, at) => ({
      // Yjs writes the highest client first.
      client: 2 ** 31 - from - at,
      clock: 0,
      structs: [textItem('settings', `k${from + at}/value`, 'v')],
    })),
  )
}

test('C1 C2 ACC-30 a device brings its share of writers and no more, in updates, in snapshots, in what waited', () => {
  const data = createAccountData({ clientId: 5 })
  data.settings.set('mine', 1)
  data.writerShares.restore(new Map([[SOURCE, MAX_WRITERS_PER_SOURCE - 3]]))
  const refused = { kind: 'refused', code: 'ERR_UPDATE_WRITERS' }
  const before = data.encodeState()
  for (const kind of ['update', 'snapshot'] as const) {
    expect(data.applyUpdate(writers(4), { kind, source: SOURCE })).toEqual(refused)
  }
  expect(data.encodeState()).toEqual(before)
  expect(data.applyUpdate(writers(2), { source: SOURCE })).toEqual({ kind: 'applied' })
  // The same again, as a sibling's snapshot brings it: they are there, and cost nothing.
  expect(data.applyUpdate(writers(2), { kind: 'snapshot', source: SOURCE })).toEqual({
    kind: 'applied',
  })
  expect(data.applyUpdate(writers(2, 3), { source: SOURCE })).toEqual(refused)
  const late = { client: 77, clock: 1, structs: [textItem('settings', 'late/value', 'v')] }
  const settled = vi.fn()
  const waits = wireUpdate([late, ...[71, 70].map((client) => ({ ...late, client, clock: 0 }))])
  expect(data.applyUpdate(waits, { source: SOURCE, onSettled: settled })).toEqual({ kind: 'held' })
  expect(data.applyUpdate(wireUpdate([{ ...late, clock: 0 }]), { source: 'other' })).toEqual({
    kind: 'applied',
  })
  expect(settled).toHaveBeenCalledWith(refused)
})

test('C2 ACC-30 who has used up its share takes nothing from others: they write on, and this device does', () => {
  const data = createAccountData({ clientId: 5 })
  data.writerShares.restore(new Map([[SOURCE, MAX_WRITERS_PER_SOURCE]]))
  data.settings.set('mine', 1)
  expect(data.applyUpdate(writers(1), { source: SOURCE }).kind).toBe('refused')
  expect(data.applyUpdate(writers(1, 9), { source: 'other' }).kind).toBe('applied')
  expect([...data.settings.list()].map(([key]) => key).sort()).toEqual(['k9', 'mine'])
})

test('ACC-30 the first snapshot of all counts for nobody: there may be more writers than one share', () => {
  const data = createAccountData({ clientId: 5 })
  data.writerShares.restore(new Map([[SOURCE, MAX_WRITERS_PER_SOURCE]]))
  const options = { kind: 'snapshot', source: SOURCE } as const
  expect(data.applyUpdate(writers(50), options)).toEqual({ kind: 'applied' })
  expect(data.applyUpdate(writers(51), options).kind).toBe('refused')
})

test('C2 ACC-30 the count outlives compaction and restart, is told once, and an honest sibling is heard all the while', async () => {
  const store = createMemoryAccountLogStore()
  const told: RefusedUpdates[] = []
  const onRefused = (refused: RefusedUpdates): void => void told.push(refused)
  const hostile = await openReplica(2)
  const honest = await openReplica(3)
  const ada = await openReplica(1, { store, onRefused })
  ada.data.settings.set('mine', 1)
  ada.data.writerShares.restore(new Map([[hostile.id, MAX_WRITERS_PER_SOURCE - 1]]))
  await ada.compact()
  await ada.close()

  const again = await openReplica(1, { store, onRefused, life: 1 })
  expect(again.data.writerShares.counts().get(hostile.id)).toBe(MAX_WRITERS_PER_SOURCE - 1)
  for (const at of [1, 2, 3]) {
    const body = writers(2, at * 10)
    await hostile.log.append({ lane: 'data', contents: [{ kind: UPDATE_KIND, body }] })
  }
  honest.data.contacts.set(accountNumber(7), { name: 'Cleo', addedAt: 7 })
  await honest.flush()
  await sync(again, hostile)
  await sync(again, honest)
  expect(told).toEqual([{ device: hostile.id, code: 'ERR_UPDATE_WRITERS' }])
  expect(contentsOf(again)).toMatchObject({ contacts: [{ name: 'Cleo' }] })
  // They do not count as read: no snapshot of ours says it holds them (ACC-29).
  await again.compact()
  const lane = { device: hostile.id, lane: 'data' } as const
  expect(countRanges(again.log.holdingsOf(lane).covered)).toBe(0)
  expect(countRanges(again.log.holdingsOf(lane).stored)).toBe(3)
  await again.close()
})

test('C2 ACC-30 a snapshot beyond the share of its device is let go of and not asked for again', async () => {
  const hostile = await openReplica(2)
  const ada = await openReplica(1)
  ada.data.settings.set('mine', 1)
  ada.data.writerShares.restore(new Map([[hostile.id, MAX_WRITERS_PER_SOURCE]]))
  const covers = [{ device: ada.id, lane: 'data' as const, from: 1, to: 1 }]
  const parts = createSnapshot({ state: writers(5), covers }, { bytes: (n) => new Uint8Array(n) })
  for (const part of parts) await hostile.log.append({ lane: 'data', contents: [part] })
  await sync(ada, hostile)
  const lane = { device: hostile.id, lane: 'data' } as const
  await eventually(() => expect(ada.log.holdingsOf(lane).stored).toEqual([]))
  expect(includesNumber(ada.log.holdingsOf(lane).covered, 1)).toBe(true)
  expect([...ada.data.settings.list()]).toEqual([['mine', 1]])
  await sync(ada, hostile)
  expect(ada.log.holdingsOf(lane).stored).toEqual([])
})
