import { describe, expect, test } from 'vitest'
import { createMemoryAccountLogStore } from '../log/memory-account-log-store.ts'
import { createManualTime } from '../testing/environment.ts'
import { eventually } from '../testing/eventually.ts'
import { accountNumber } from '../testing/ids.ts'
import { meet, sync } from '../testing/meeting.ts'
import { addContacts, BEN, stored } from '../testing/replica-contents.ts'
import { contentsOf, openReplica } from '../testing/replicas.ts'

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
