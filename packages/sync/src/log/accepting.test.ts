import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ACCOUNT, FIRST_EPOCH, notesOf, openDevice, writeNotes } from '../testing/devices.ts'
import { createSeededRng } from '../testing/environment.ts'
import { accountNumber } from '../testing/ids.ts'
import { flipped, recordsOf } from '../testing/log-records.ts'
import type { AccountLogStore, LogChange } from './account-log-store.ts'
import { createEpoch } from './epochs.ts'
import { createMemoryAccountLogStore } from './memory-account-log-store.ts'
import { nobleRecordCrypto } from './record-crypto.ts'

describe('ALOG-4 one signature vouches for what comes before it', () => {
  test('a window costs one verification, whatever its length', async () => {
    let verified = 0
    const crypto = {
      ...nobleRecordCrypto,
      verify: (...input: Parameters<typeof nobleRecordCrypto.verify>) => {
        verified += 1
        return nobleRecordCrypto.verify(...input)
      },
    }
    const ada = await openDevice(1)
    await writeNotes(
      ada,
      Array.from({ length: 40 }, (_, at) => `${at}`),
    )
    const ben = await openDevice(2, { crypto })
    const records = await recordsOf(ada)
    await ben.log.accept(records.slice(20))
    expect(verified).toBe(1)
    // The window before it hangs on a record that is here already.
    await ben.log.accept(records.slice(0, 20))
    expect(verified).toBe(1)
    expect(await notesOf(ben)).toEqual(await notesOf(ada))
  })

  test('one changed byte anywhere in a window costs exactly the records it is in', async () => {
    const ada = await openDevice(1)
    await writeNotes(ada, ['a', 'b', 'c', 'd'])
    const records = await recordsOf(ada)
    const fields = ['sealed', 'signature', 'prev'] as const
    await fc.assert(
      fc.asyncProperty(
        fc.nat({ max: 3 }),
        fc.constantFrom(...fields),
        fc.nat(),
        async (which, field, at) => {
          const ben = await openDevice(2)
          const changed = records.map((record, index) =>
            index === which
              ? { ...record, [field]: flipped(record[field], at % record[field].length) }
              : record,
          )
          const report = await ben.log.accept(changed)
          expect(report.refused).toEqual([
            { position: { device: ada.id, lane: 'messages', seq: which + 1 }, reason: 'forged' },
          ])
          expect(report.accepted.map(({ record }) => record.seq)).toEqual(
            [1, 2, 3, 4].filter((seq) => seq !== which + 1),
          )
          // The true record is still taken in afterwards.
          expect((await ben.log.accept(records)).accepted.length).toBe(1)
        },
      ),
      { numRuns: 25 },
    )
  })
})

describe('ALOG-7 taking in records', () => {
  test('they are opened, durable and told of in order; a second time they are known', async () => {
    const ada = await openDevice(1)
    await writeNotes(ada, ['a', 'b', 'c'])
    const ben = await openDevice(2)
    const told: string[] = []
    ben.log.events.addEventListener('records:accepted', ({ detail: { events } }) => {
      for (const { contents } of events) {
        for (const { body } of contents) told.push(new TextDecoder().decode(body))
      }
    })
    const records = await recordsOf(ada)
    await ben.log.accept(records.toReversed())
    expect(told).toEqual(['a', 'b', 'c'])
    const again = await ben.log.accept(records)
    expect(again.accepted).toEqual([])
    expect(again.refused.map(({ reason }) => reason)).toEqual(['known', 'known', 'known'])
    expect(told.length).toBe(3)
  })

  test('the same record from two siblings at once is new once', async () => {
    const ada = await openDevice(1)
    await writeNotes(ada, ['a'])
    const ben = await openDevice(2)
    const records = await recordsOf(ada)
    const reports = await Promise.all([ben.log.accept(records), ben.log.accept(records)])
    expect(reports.map(({ accepted }) => accepted.length)).toEqual([1, 0])
  })

  test('what a host prepares is committed with the records', async () => {
    const ada = await openDevice(1)
    await writeNotes(ada, ['a'])
    const covered = { device: ada.id, lane: 'data', from: 1, to: 9 } as const
    const ben = await openDevice(2, { prepare: () => ({ cover: [covered] }) })
    await ben.log.accept(await recordsOf(ada))
    expect(ben.log.holdingsOf(covered).covered).toEqual([{ from: 1, to: 9 }])
    expect((await ben.store.lanes()).find(({ lane }) => lane === 'data')?.covered).toEqual([
      { from: 1, to: 9 },
    ])
  })

  test('a store that fails takes in nothing, and the same records are taken in later', async () => {
    const inner = createMemoryAccountLogStore()
    let broken = true
    const store: AccountLogStore = {
      ...inner,
      commit: async (change: LogChange) => {
        if (broken) throw new Error('EIO')
        await inner.commit(change)
      },
    }
    const ada = await openDevice(1)
    await writeNotes(ada, ['a'])
    const ben = await openDevice(2, { store })
    await expect(ben.log.accept(await recordsOf(ada))).rejects.toThrow('EIO')
    expect(ben.log.holdings()).toEqual([])
    broken = false
    expect((await ben.log.accept(await recordsOf(ada))).accepted.length).toBe(1)
  })

  test.each([0, -1, 1.5, Number.NaN, 2 ** 53])('C3 the number %d is no place', async (seq) => {
    const ada = await openDevice(1)
    await writeNotes(ada, ['a'])
    const [record] = await recordsOf(ada)
    if (record === undefined) throw new Error('no record')
    const ben = await openDevice(2)
    const { refused } = await ben.log.accept([{ ...record, seq }])
    expect(refused.map(({ reason }) => reason)).toEqual(['unreadable'])
  })
})

describe('A5 A8 only devices of the account write, and only while they are', () => {
  test.each([
    [
      'a stranger',
      { account: ACCOUNT, epochs: [createEpoch(createSeededRng(66), 1)] },
      'unvouched',
    ],
    ['a device of another account under our epoch', { account: accountNumber(9) }, 'forged'],
    ['a removed device, whatever it signed', {}, 'unvouched'],
  ] as const)('%s is refused', async (_, options, reason) => {
    const mallory = await openDevice(3, options)
    await writeNotes(mallory, ['x'])
    const ben = await openDevice(2, { mayWrite: (device) => device !== mallory.id })
    const { accepted, refused } = await ben.log.accept(await recordsOf(mallory))
    expect([accepted.length, refused[0]?.reason]).toEqual([0, reason])
    expect(await ben.store.lanes()).toEqual([])
  })

  test('A8 B6 a removed device reads nothing that was written under the next epoch', async () => {
    const next = createEpoch(createSeededRng(5), 2)
    const [ada, removed] = [
      await openDevice(1, { epochs: [FIRST_EPOCH, next] }),
      await openDevice(3),
    ]
    await writeNotes(ada, ['secret'])
    const { accepted, refused } = await removed.log.accept(await recordsOf(ada))
    expect([accepted, refused.map(({ reason }) => reason)]).toEqual([[], ['epoch-unknown']])
  })

  test('A8 B6 1,000 schedules of removal: nothing it wrote after is taken in, what was before stays', async () => {
    const removed = await openDevice(3)
    const texts = Array.from({ length: 12 }, (_, at) => `${at}`)
    await writeNotes(removed, texts)
    const records = await recordsOf(removed)
    await fc.assert(
      fc.asyncProperty(fc.nat({ max: 12 }), fc.nat({ max: 12 }), async (before, later) => {
        let isIn = true
        const ben = await openDevice(2, {
          mayWrite: () => isIn,
          // Signatures are not what is at stake here, and a thousand schedules verify many.
          crypto: { ...nobleRecordCrypto, verify: () => true },
        })
        await ben.log.accept(records.slice(0, before))
        isIn = false
        const { accepted } = await ben.log.accept(records.slice(0, Math.max(before, later)))
        expect(accepted).toEqual([])
        expect(await notesOf(ben)).toEqual(texts.slice(0, before))
      }),
      { numRuns: 1_000 },
    )
  })
})
