import type { DeviceId } from '@kithmesh/protocol'
import { describe, expect, test } from 'vitest'
import { createManualTime } from '../testing/environment.ts'
import { eventually } from '../testing/eventually.ts'
import { meet, sync } from '../testing/meeting.ts'
import { addContacts, BEN, dataRecordsOf } from '../testing/replica-contents.ts'
import { contentsOf, openReplica } from '../testing/replicas.ts'
import { ASKED_MS, HEAL_MS } from './upkeep.ts'

/** Ada, who knows who is out, and a thief who does not care. */
async function openTwo() {
  const out = new Set<DeviceId>()
  const mayWrite = (device: DeviceId): boolean => !out.has(device)
  const thief = await openReplica(3)
  const ada = await openReplica(1, { mayWrite, isSibling: mayWrite })
  return { thief, ada, out, mayWrite }
}

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
