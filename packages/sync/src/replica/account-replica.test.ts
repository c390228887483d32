import type { DeviceId } from '@kithmesh/protocol'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createAccountData } from '../data/account-data.ts'
import { MAX_HELD_PER_SOURCE } from '../data/held-updates.ts'
import { createMemoryAccountLogStore } from '../log/memory-account-log-store.ts'
import type { LogRecord } from '../log/record.ts'
import { nobleRecordCrypto } from '../log/record-crypto.ts'
import { countRanges } from '../range-set.ts'
import { createManualTime } from '../testing/environment.ts'
import { eventually } from '../testing/eventually.ts'
import { accountNumber, messageNumber } from '../testing/ids.ts'
import { meet, sync } from '../testing/meeting.ts'
import { contentsOf, openReplica, type TestReplica } from '../testing/replicas.ts'
import { entryItem, wireUpdate } from '../testing/yjs-update.ts'
import { COMPACT_BYTES } from './compaction.ts'
import { UPDATE_KIND } from './into-data.ts'
import { createSnapshot, MAX_COVERS } from './snapshot.ts'
import { ASKED_MS, HEAL_MS } from './upkeep.ts'

const BEN = accountNumber(1)
/** Signatures are not what is at stake where schedules are many. */
const UNSIGNED = { ...nobleRecordCrypto, verify: () => true }

function addContacts({ data }: TestReplica, count: number, from = 0): void {
  for (let number = from; number < from + count; number += 1) {
    data.contacts.set(accountNumber(100 + number), { name: `contact ${number}`, addedAt: number })
  }
}

async function dataRecordsOf({ log }: TestReplica, device: DeviceId): Promise<LogRecord[]> {
  const records: LogRecord[] = []
  const span = { device, lane: 'data', from: 1, to: Number.MAX_SAFE_INTEGER } as const
  for await (const record of log.read(span)) records.push(record)
  return records
}

/** Ada, who knows who is out, and a thief who does not care. */
async function openTwo() {
  const out = new Set<DeviceId>()
  const mayWrite = (device: DeviceId): boolean => !out.has(device)
  const thief = await openReplica(3)
  const ada = await openReplica(1, { mayWrite, isSibling: mayWrite })
  return { thief, ada, out, mayWrite }
}

function stored({ log }: TestReplica): number {
  return log.holdings().reduce((sum, lane) => sum + countRanges(lane.stored), 0)
}

describe('ALOG-11 account data is the same on every device', () => {
  test('an edit reaches a connected sibling, by the same event as a local one', async () => {
    const [ada, phone] = [await openReplica(1), await openReplica(2)]
    const meeting = meet(ada, phone)
    await meeting.caughtUp()
    const names: string[] = []
    phone.data.events.addEventListener('contact:changed', ({ detail }) => names.push(detail.name))
    ada.data.contacts.set(BEN, { name: 'Ben', addedAt: 1 })
    await eventually(() => expect(names).toEqual(['Ben']))
    await meeting.close()
  })

  test('what was written survives closing and opening again', async () => {
    const store = createMemoryAccountLogStore()
    const ada = await openReplica(1, { store })
    addContacts(ada, 20)
    await ada.close()
    const again = await openReplica(1, { store, life: 1 })
    expect(contentsOf(again)).toEqual(contentsOf(ada))
    again.data.contacts.rename(accountNumber(100), 'renamed')
    await again.close()
    const third = await openReplica(1, { store, life: 2 })
    expect(third.data.contacts.get(accountNumber(100))?.name).toBe('renamed')
  })

  test('10,000 edits in a burst become a handful of records', async () => {
    const [ada, phone] = [await openReplica(1), await openReplica(2)]
    addContacts(ada, 100)
    for (let edit = 0; edit < 9_900; edit += 1) {
      ada.data.contacts.rename(accountNumber(100 + (edit % 100)), `name ${edit}`)
    }
    await ada.flush()
    expect(stored(ada)).toBeLessThan(20)
    await sync(ada, phone)
    expect(contentsOf(phone)).toEqual(contentsOf(ada))
  })

  test('one edit too large for a record goes as a snapshot', async () => {
    const [ada, phone] = [await openReplica(1), await openReplica(2)]
    ada.data.batch(() => addContacts(ada, 3_000))
    await ada.flush()
    await sync(ada, phone)
    expect(phone.data.contacts.list().length).toBe(3_000)
    expect(contentsOf(phone)).toEqual(contentsOf(ada))
  })

  test('an edit that could not be written is written later', async () => {
    const inner = createMemoryAccountLogStore()
    let broken = true
    const store = {
      ...inner,
      commit: (change: Parameters<typeof inner.commit>[0]) =>
        broken ? Promise.reject(new Error('disk full')) : inner.commit(change),
    }
    const failures: unknown[] = []
    const ada = await openReplica(1, { store, onFailure: (error) => failures.push(error) })
    ada.data.contacts.set(BEN, { name: 'Ben', addedAt: 1 })
    await eventually(() => expect(failures.length).toBe(1))
    broken = false
    await ada.flush()
    const again = await openReplica(1, { store, life: 1 })
    expect(again.data.contacts.get(BEN)?.name).toBe('Ben')
  })
})

describe('D5 convergence', () => {
  const edit = fc.record({
    kind: fc.constantFrom('set', 'rename', 'remove', 'star', 'unstar', 'put'),
    who: fc.nat({ max: 2 }),
    what: fc.nat({ max: 2 }),
    value: fc.nat({ max: 9 }),
  })
  const step = fc.oneof(
    { weight: 5, arbitrary: edit },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('meet'), who: fc.nat({ max: 2 }) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('cut'), who: fc.nat({ max: 2 }) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('restart'), who: fc.nat({ max: 2 }) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('compact'), who: fc.nat({ max: 2 }) }) },
  )
  type Step = {
    readonly kind: string
    readonly who: number
    readonly what?: number
    readonly value?: number
  }

  async function take(
    world: TestReplica[],
    { kind, who, what = 0, value = 0 }: Step,
    life: number,
  ) {
    const replica = world[who]
    const other = world[(who + 1) % world.length]
    if (replica === undefined || other === undefined) return
    const { data } = replica
    if (kind === 'set')
      data.contacts.set(accountNumber(what), { name: `n${value}`, addedAt: value })
    if (kind === 'rename') data.contacts.rename(accountNumber(what), `r${value}`)
    if (kind === 'remove') data.contacts.remove(accountNumber(what))
    if (kind === 'star') data.starred.add(messageNumber(what), value)
    if (kind === 'unstar') data.starred.remove(messageNumber(what))
    if (kind === 'put') data.settings.set(`s${what}`, value)
    if (kind === 'meet') await sync(replica, other)
    if (kind === 'cut') await interrupted(replica, other)
    if (kind === 'compact') await replica.compact()
    if (kind === 'restart') {
      await replica.close()
      world[who] = await openReplica(who, { store: replica.store, life, crypto: UNSIGNED })
    }
  }

  /** A meeting that is cut at some point of it. */
  async function interrupted(one: TestReplica, other: TestReplica): Promise<void> {
    const { line, ends } = meet(one, other)
    for (let turn = 0; turn < 12; turn += 1) await Promise.resolve()
    line.cut()
    await Promise.all(ends)
  }

  test('any edits, meetings, cuts, restarts and compactions on three devices end in one state', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
        const world = await Promise.all(
          [0, 1, 2].map((number) => openReplica(number, { crypto: UNSIGNED })),
        )
        let life = 0
        for (const one of steps) await take(world, one, ++life)
        for (const replica of world) await replica.flush()
        // Twice around: what the last one wrote must come to the first.
        for (let meeting = 0; meeting < 2 * world.length; meeting += 1) {
          await take(world, { kind: 'meet', who: meeting % world.length }, 0)
        }
        const [first] = world
        if (first === undefined) return
        for (const replica of world) {
          expect(contentsOf(replica)).toEqual(contentsOf(first))
          expect(replica.data.heldCount).toBe(0)
        }
      }),
      { numRuns: 60 },
    )
  })
})

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

describe('A8 removal of a device', () => {
  test('what one sibling had accepted before, and another had not, is settled by a snapshot', async () => {
    const time = createManualTime()
    let isIn = true
    const mayWrite = (device: string): boolean => isIn || device !== thief.id
    const thief = await openReplica(3, { time })
    const [ada, phone] = [
      await openReplica(1, { time, mayWrite }),
      await openReplica(2, { time, mayWrite }),
    ]
    thief.data.contacts.set(BEN, { name: 'by the thief', addedAt: 1 })
    await thief.flush()
    await sync(thief, ada)
    isIn = false
    // Builds on what phone will never accept.
    ada.data.contacts.rename(BEN, 'by ada')
    await ada.flush()
    thief.data.contacts.rename(BEN, 'too late')
    await thief.flush()
    await sync(thief, ada)
    const meeting = meet(ada, phone)
    await meeting.caughtUp()
    expect(phone.data.heldCount).toBe(1)
    time.pass(HEAL_MS)
    await eventually(() => expect(phone.data.contacts.get(BEN)?.name).toBe('by ada'))
    expect(contentsOf(phone)).toEqual(contentsOf(ada))
    expect(phone.data.heldCount).toBe(0)
    await meeting.close()
  })

  test('ACC-10 its updates that still wait are forgotten, and a snapshot goes out', async () => {
    let isIn = true
    const thief = await openReplica(3)
    const ada = await openReplica(1, { mayWrite: (device) => isIn || device !== thief.id })
    thief.data.settings.set('a', 1)
    await thief.flush()
    thief.data.settings.set('a', 2)
    await thief.flush()
    await ada.log.accept((await dataRecordsOf(thief, thief.id)).slice(1))
    expect(ada.data.heldCount).toBe(1)
    isIn = false
    await ada.membersChanged()
    expect(ada.data.heldCount).toBe(0)
    expect(ada.log.holdingsOf({ device: ada.id, lane: 'data' }).tip?.seq).toBe(1)
  })

  test('ALOG-19: its records go, what they said stays, and a device linked later gets it by the snapshot', async () => {
    const { thief, ada, out, mayWrite } = await openTwo()
    addContacts(thief, 5)
    await thief.flush()
    await sync(thief, ada)
    out.add(thief.id)
    await ada.membersChanged()
    const lane = ada.log.holdingsOf({ device: thief.id, lane: 'data' })
    expect([lane.stored, lane.covered.length]).toEqual([[], 1])
    expect(ada.data.contacts.list().length).toBe(5)
    const newcomer = await openReplica(4, { mayWrite, isSibling: mayWrite })
    await sync(ada, newcomer)
    expect(contentsOf(newcomer)).toEqual(contentsOf(ada))
    // Nothing is left to do: no second snapshot.
    const { tip } = ada.log.holdingsOf({ device: ada.id, lane: 'data' })
    await ada.membersChanged()
    expect(ada.log.holdingsOf({ device: ada.id, lane: 'data' }).tip).toEqual(tip)
  })

  test('ALOG-19: what a crash left undone is done at the next start', async () => {
    const { thief, ada, out, mayWrite } = await openTwo()
    thief.data.settings.set('a', 1)
    await thief.flush()
    await thief.log.append({ lane: 'messages', contents: [{ kind: 'm', body: new Uint8Array(1) }] })
    await sync(thief, ada)
    await ada.close()
    out.add(thief.id)
    const again = await openReplica(1, { store: ada.store, life: 1, mayWrite })
    await eventually(() => {
      expect(again.log.holdingsOf({ device: thief.id, lane: 'data' }).stored).toEqual([])
      expect(again.log.holdingsOf({ device: ada.id, lane: 'messages' }).tip?.seq).toBe(1)
    })
    expect(again.data.settings.get('a')).toBe(1)
    await again.close()
  })

  test('ALOG-19: what only waited is not covered: readmitted, the device is asked for it again', async () => {
    const { thief: phone, ada, out } = await openTwo()
    for (const value of [1, 2, 3]) {
      phone.data.settings.set('a', value)
      await phone.flush()
    }
    await ada.log.accept((await dataRecordsOf(phone, phone.id)).slice(1))
    expect(ada.data.heldCount).toBe(2)
    out.add(phone.id)
    await ada.membersChanged()
    expect(ada.log.holdingsOf({ device: phone.id, lane: 'data' }).covered).toEqual([])
    out.clear()
    await ada.membersChanged()
    await sync(ada, phone)
    expect(ada.data.settings.get('a')).toBe(3)
    expect(contentsOf(ada)).toEqual(contentsOf(phone))
  })

  test('ALOG-19: a device that was suspended and is back goes on as before', async () => {
    const { thief: phone, ada, out } = await openTwo()
    phone.data.settings.set('a', 1)
    await phone.flush()
    await sync(phone, ada)
    out.add(phone.id)
    await ada.membersChanged()
    phone.data.settings.set('meanwhile', true)
    await phone.flush()
    ada.data.settings.set('a', 2)
    await ada.flush()
    out.clear()
    await ada.membersChanged()
    await sync(ada, phone)
    expect(ada.data.settings.get('meanwhile')).toBe(true)
    expect(contentsOf(phone)).toEqual(contentsOf(ada))
  })

  test('a sibling that asks again and again gets one snapshot a minute', async () => {
    const time = createManualTime()
    const [ada, phone] = [await openReplica(1, { time }), await openReplica(2, { time })]
    const meeting = meet(ada, phone)
    await meeting.caughtUp()
    const snapshots = () => ada.log.holdingsOf({ device: ada.id, lane: 'data' }).tip?.seq ?? 0
    phone.exchanges.askSnapshot()
    await eventually(() => expect(snapshots()).toBe(1))
    for (let ask = 0; ask < 5; ask += 1) phone.exchanges.askSnapshot()
    ada.data.settings.set('k', 1)
    await eventually(() => expect(phone.data.settings.get('k')).toBe(1))
    expect(snapshots()).toBe(2)
    time.pass(ASKED_MS)
    phone.exchanges.askSnapshot()
    await eventually(() => expect(snapshots()).toBe(3))
    await meeting.close()
  })
})

describe('B2 a device restored from a backup', () => {
  test('that wrote before it met anybody: both histories end up in the data of all', async () => {
    const backup = createMemoryAccountLogStore()
    const time = createManualTime()
    const phone = await openReplica(2, { time })
    const lost = await openReplica(1, { time })
    lost.data.settings.set('before', 'the loss')
    await lost.flush()
    await sync(lost, phone)
    const restored = await openReplica(1, { store: backup, life: 1, time })
    restored.data.settings.set('after', 'the restore')
    await restored.flush()
    const meeting = meet(restored, phone)
    await eventually(() => {
      expect(phone.data.settings.get('after')).toBe('the restore')
      expect(restored.data.settings.get('before')).toBe('the loss')
    })
    await meeting.close()
    expect(contentsOf(restored)).toEqual(contentsOf(phone))
  })
})
