import { describe, expect, test } from 'vitest'
import { createAccountData } from '../data/account-data.ts'
import { MAX_HELD_PER_SOURCE } from '../data/held-updates.ts'
import { createMemoryAccountLogStore } from '../log/memory-account-log-store.ts'
import { eventually } from '../testing/eventually.ts'
import { accountNumber } from '../testing/ids.ts'
import { meet, sync } from '../testing/meeting.ts'
import { addContacts, dataRecordsOf, stored, UNSIGNED } from '../testing/replica-contents.ts'
import { contentsOf, openReplica } from '../testing/replicas.ts'
import { entryItem, wireUpdate } from '../testing/yjs-update.ts'
import { COMPACT_BYTES } from './compaction.ts'
import { UPDATE_KIND } from './into-data.ts'
import { createSnapshot, MAX_COVERS } from './snapshot.ts'

describe('ALOG-8 snapshots', () => {
  test('a new device takes the snapshot and not the three hundred records it holds', async () => {
    const [ada, phone] = [await openReplica(1, { crypto: UNSIGNED }), await openReplica(2)]
    for (let number = 0; number < 300; number += 1) {
      addContacts(ada, 1, number)
      await ada.flush()
    }
    await ada.compact()
    const meeting = meet(ada, phone)
    await meeting.caughtUp()
    await meeting.close()
    expect(contentsOf(phone)).toEqual(contentsOf(ada))
    expect(stored(phone)).toBeLessThan(80)
    const held = phone.log.holdingsOf({ device: ada.id, lane: 'data' })
    expect(held.covered).toEqual([{ from: 1, to: 300 }])
  })

  test('after compaction the log is below twice the state, and opens to the same', async () => {
    const store = createMemoryAccountLogStore()
    const ada = await openReplica(1, { store, crypto: UNSIGNED })
    addContacts(ada, 50)
    for (let edit = 0; edit < 300; edit += 1) {
      ada.data.contacts.rename(accountNumber(100 + (edit % 50)), `name ${edit}`)
      await ada.flush()
    }
    await ada.compact()
    expect(stored(ada)).toBeLessThan(70)
    const again = await openReplica(1, { store, life: 1 })
    expect(contentsOf(again)).toEqual(contentsOf(ada))
    again.data.contacts.rename(accountNumber(100), 'after')
    await again.close()
    const third = await openReplica(1, { store, life: 2 })
    expect(third.data.contacts.get(accountNumber(100))?.name).toBe('after')
  })

  test('ALOG-8 what a later version wrote is not covered by who cannot read it, and is read when it can', async () => {
    const store = createMemoryAccountLogStore()
    const [ada, phone] = [await openReplica(1, { store }), await openReplica(2)]
    // An update in a kind of content, or with a value, that this version does not know.
    const later = wireUpdate([{ client: 77, clock: 0, structs: [entryItem('a/b/c', [118, 0])] }])
    const strange = [
      { kind: 'update of 2030', body: Uint8Array.of(1) },
      { kind: UPDATE_KIND, body: later },
    ]
    for (const content of strange) await phone.log.append({ lane: 'data', contents: [content] })
    for (let number = 0; number < 100; number += 1) {
      addContacts(phone, 1, number)
      await phone.flush()
    }
    await sync(ada, phone)
    expect(contentsOf(ada)).toEqual(contentsOf(phone))
    await ada.compact()
    const { covered, stored: kept } = ada.log.holdingsOf({ device: phone.id, lane: 'data' })
    expect(covered).toEqual([{ from: 3, to: 102 }])
    expect(kept.at(0)).toEqual({ from: 1, to: 2 })
    // Whoever is new gets them from Ada, too.
    const tablet = await openReplica(3)
    await sync(ada, tablet)
    expect((await dataRecordsOf(tablet, phone.id)).slice(0, 2).map(({ seq }) => seq)).toEqual([
      1, 2,
    ])
    await ada.close()
    const again = await openReplica(1, { store, life: 1 })
    await again.compact()
    expect((await dataRecordsOf(again, phone.id)).slice(0, 2).map(({ seq }) => seq)).toEqual([1, 2])
  })

  test('ALOG-8 a log with more holes than a snapshot can tell of is compacted all the same', async () => {
    const [ada, phone] = [
      await openReplica(1, { crypto: UNSIGNED }),
      await openReplica(2, { crypto: UNSIGNED }),
    ]
    const strange = { kind: 'update of 2030', body: Uint8Array.of(1) }
    const plain = { kind: UPDATE_KIND, body: wireUpdate([]) }
    for (let at = 0; at < MAX_COVERS + 20; at += 1) {
      await phone.log.append({ lane: 'data', contents: [strange] })
      await phone.log.append({ lane: 'data', contents: [plain] })
    }
    await sync(ada, phone)
    await ada.compact()
    const { covered } = ada.log.holdingsOf({ device: phone.id, lane: 'data' })
    expect(covered).toHaveLength(MAX_COVERS)
  })

  test('a log that outgrows its state is compacted by itself', async () => {
    const ada = await openReplica(1, { crypto: UNSIGNED })
    const value = 'x'.repeat(4_000)
    for (let edit = 0; edit < (2.2 * COMPACT_BYTES) / 4_000; edit += 1) {
      ada.data.settings.set('s', `${edit}${value}`)
      await ada.flush()
    }
    await eventually(() =>
      expect(ada.log.holdingsOf({ device: ada.id, lane: 'data' }).covered.length).toBe(1),
    )
    await ada.close()
    expect(stored(ada)).toBeLessThan(140)
    // One snapshot for all of it, not one for each edit that followed.
    const { tip } = ada.log.holdingsOf({ device: ada.id, lane: 'data' })
    expect(tip?.seq).toBeLessThan((2.2 * COMPACT_BYTES) / 4_000 + 5)
  })

  test('a sibling in step lets go of the same records; one that has more keeps them', async () => {
    const [ada, phone] = [await openReplica(1), await openReplica(2)]
    const meeting = meet(ada, phone)
    await meeting.caughtUp()
    for (let number = 0; number < 120; number += 1) {
      addContacts(ada, 1, number)
      await ada.flush()
    }
    await eventually(() => expect(contentsOf(phone)).toEqual(contentsOf(ada)))
    await meeting.close()
    phone.data.settings.set('only', 'here')
    await phone.flush()
    const tablet = await openReplica(3)
    await sync(ada, tablet)
    await ada.compact()
    await Promise.all([sync(ada, phone), sync(ada, tablet)])
    await eventually(() => expect(stored(tablet)).toBeLessThan(80))
    expect(stored(phone)).toBeGreaterThan(120)
    expect(phone.data.settings.get('only')).toBe('here')
  })

  test('a snapshot that leaves things out takes nothing away from who has them', async () => {
    const [ada, phone] = [await openReplica(1), await openReplica(2)]
    addContacts(ada, 5)
    await ada.flush()
    await sync(ada, phone)
    const before = contentsOf(phone)
    const covers = [{ device: ada.id, lane: 'data', from: 1, to: 2 ** 40 }] as const
    const empty = await openReplica(3)
    const parts = createSnapshot(
      { state: empty.data.encodeState(), covers },
      { bytes: (n) => new Uint8Array(n) },
    )
    for (const part of parts) await ada.log.append({ lane: 'data', contents: [part] })
    await sync(ada, phone)
    await phone.close()
    const again = await openReplica(2, { store: phone.store, life: 1 })
    expect(contentsOf(again)).toEqual(before)
  })

  test('a snapshot cannot make us believe that we wrote what we did not', async () => {
    const [thief, phone] = [await openReplica(1), await openReplica(2)]
    phone.data.settings.set('k', 0)
    await phone.flush()
    const covers = [{ device: phone.id, lane: 'data', from: 1, to: 2 ** 40 }] as const
    const state = (await openReplica(3)).data.encodeState()
    const parts = createSnapshot({ state, covers }, { bytes: (length) => new Uint8Array(length) })
    for (const part of parts) await thief.log.append({ lane: 'data', contents: [part] })
    await sync(thief, phone)
    const own = { device: phone.id, lane: 'data' } as const
    expect(phone.log.holdingsOf(own).covered).toEqual([{ from: 1, to: 1 }])
    await phone.close()
    const again = await openReplica(2, { store: phone.store, life: 1 })
    again.data.settings.set('k', 1)
    await again.flush()
    expect(again.log.holdingsOf(own).tip?.seq).toBe(2)
  })

  test('what still waits for others is not covered: it is applied when they come', async () => {
    const [laptop, phone, ada] = [await openReplica(1), await openReplica(2), await openReplica(3)]
    laptop.data.settings.set('a', 1)
    await laptop.flush()
    await sync(laptop, phone)
    phone.data.settings.set('a', 2)
    await phone.flush()
    await ada.log.accept(await dataRecordsOf(phone, phone.id))
    expect(ada.data.heldCount).toBe(1)
    await ada.compact()
    expect(ada.log.holdingsOf({ device: phone.id, lane: 'data' }).covered).toEqual([])
    const again = await openReplica(3, { store: ada.store, life: 1 })
    await again.log.accept(await dataRecordsOf(laptop, laptop.id))
    expect(again.data.settings.get('a')).toBe(2)
  })

  test('a store opens to the same whatever the order in which its lanes are read', async () => {
    const [laptop, phone] = [await openReplica(1), await openReplica(2)]
    phone.data.settings.set('k', 'first')
    await phone.flush()
    const author = createAccountData({ clientId: 500 })
    author.applyUpdate(phone.data.encodeState())
    const updates: Uint8Array[] = []
    author.onUpdate((update) => updates.push(update))
    for (let edit = 0; edit < MAX_HELD_PER_SOURCE + 500; edit += 1) author.settings.set('k', edit)
    for (let at = 0; at < updates.length; at += 500) {
      const contents = updates.slice(at, at + 500).map((body) => ({ kind: UPDATE_KIND, body }))
      await laptop.log.append({ lane: 'data', contents })
    }
    const store = createMemoryAccountLogStore()
    // The laptop's lane stands before the phone's, on which all of it builds, and is more than
    // may wait.
    await store.commit({ records: await dataRecordsOf(laptop, laptop.id) })
    await store.commit({ records: await dataRecordsOf(phone, phone.id) })
    const tablet = await openReplica(3, { store })
    expect(tablet.data.settings.get('k')).toBe(updates.length - 1)
    expect(tablet.data.heldCount).toBe(0)
  })

  test('more than may wait is read again from the log when there is room, here and after a restart', async () => {
    const [laptop, phone] = [await openReplica(1, { crypto: UNSIGNED }), await openReplica(2)]
    const author = createAccountData({ clientId: 500 })
    const updates: Uint8Array[] = []
    author.onUpdate((update) => updates.push(update))
    for (let edit = 0; edit < MAX_HELD_PER_SOURCE + 1_500; edit += 1) author.settings.set('k', edit)
    for (let at = 0; at < updates.length; at += 500) {
      const contents = updates.slice(at, at + 500).map((body) => ({ kind: UPDATE_KIND, body }))
      await laptop.log.append({ lane: 'data', contents })
    }
    const records = await dataRecordsOf(laptop, laptop.id)
    for (const record of records.slice(1).toReversed()) await phone.log.accept([record])
    expect(phone.data.heldCount).toBe(MAX_HELD_PER_SOURCE)
    // Neither what waits nor what found no room to wait is covered by a snapshot of now.
    await phone.compact()
    expect(phone.log.holdingsOf({ device: laptop.id, lane: 'data' }).covered).toEqual([])
    const restarted = await openReplica(2, { store: phone.store, life: 1 })
    for (const replica of [phone, restarted]) {
      await replica.log.accept(records.slice(0, 1))
      await eventually(() => expect(replica.data.settings.get('k')).toBe(updates.length - 1))
    }
    const last = await openReplica(2, { store: phone.store, life: 2 })
    expect(last.data.settings.get('k')).toBe(updates.length - 1)
  })
})
