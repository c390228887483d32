import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  ACCOUNT,
  FIRST_EPOCH,
  note,
  notesOf,
  openDevice,
  type TestDevice,
  writeNotes,
} from '../testing/devices.ts'
import { createSeededRng } from '../testing/environment.ts'
import { accountNumber } from '../testing/ids.ts'
import type { AccountLogStore, LogChange } from './account-log-store.ts'
import { MAX_ENTRY_BYTES } from './appending.ts'
import { createEpoch, createEpochRing, epochKeysCodec } from './epochs.ts'
import type { LogPosition } from './lane.ts'
import { createMemoryAccountLogStore } from './memory-account-log-store.ts'
import { type LogRecord, recordCodec } from './record.ts'
import { nobleRecordCrypto } from './record-crypto.ts'
import { createRecordSealer } from './seal.ts'

async function recordsOf(
  { log, id }: TestDevice,
  lane = 'messages' as const,
): Promise<LogRecord[]> {
  const records: LogRecord[] = []
  for await (const record of log.read({ device: id, lane, from: 1, to: 1e9 })) records.push(record)
  return records
}

function flipped(bytes: Uint8Array, at = 0): Uint8Array {
  const other = bytes.slice()
  other[at] = (other[at] ?? 0) ^ 1
  return other
}

function forksOf({ log }: TestDevice): readonly LogPosition[] {
  const forks: LogPosition[] = []
  log.events.addEventListener('log:forked', ({ detail }) => forks.push(detail))
  return forks
}

describe('ALOG-2 appending', () => {
  test('numbers begin with 1 and go on after the store was closed and opened', async () => {
    const store = createMemoryAccountLogStore()
    await writeNotes(await openDevice(1, { store }), ['a', 'b'])
    const again = await openDevice(1, { store })
    await writeNotes(again, ['c'])
    expect((await recordsOf(again)).map(({ seq }) => seq)).toEqual([1, 2, 3])
    expect(await notesOf(again)).toEqual(['a', 'b', 'c'])
  })

  test('a number is used once, also when its record was let go', async () => {
    const store = createMemoryAccountLogStore()
    const ada = await openDevice(1, { store })
    await writeNotes(ada, ['a', 'b'])
    const span = { device: ada.id, lane: 'messages', from: 1, to: 2 } as const
    await ada.log.prune({ cover: [span], drop: [span] })
    const again = await openDevice(1, { store })
    await writeNotes(again, ['c'])
    expect((await recordsOf(again)).map(({ seq }) => seq)).toEqual([3])
  })

  test('ALOG-10 STO-51 records that were written and forgotten are no fork: a lane goes on behind them', async () => {
    const before = await openDevice(1)
    await writeNotes(before, ['a', 'b', 'c'])
    const forgetful = await openDevice(1, { writtenUpTo: 40 })
    await writeNotes(forgetful, ['d'])
    const forks = forksOf(forgetful)
    await forgetful.log.accept(await recordsOf(before))
    expect((await recordsOf(forgetful)).map(({ seq }) => seq)).toEqual([1, 2, 3, 41])
    expect(forks).toEqual([])
    const again = await openDevice(1, { store: forgetful.store, writtenUpTo: 40 })
    await writeNotes(again, ['e'])
    expect((await recordsOf(again)).map(({ seq }) => seq)).toEqual([1, 2, 3, 41, 42])
  })

  test('ALOG-1 ALOG-2 the two lanes are numbered each by itself', async () => {
    const ada = await openDevice(1)
    await writeNotes(ada, ['a', 'b'])
    expect(await ada.log.append({ lane: 'data', contents: [note('c')] })).toEqual({
      device: ada.id,
      lane: 'data',
      seq: 1,
    })
  })

  test('an entry that is too large, or says nothing, is refused', async () => {
    const { log } = await openDevice(1)
    const large = { kind: 'note', body: new Uint8Array(MAX_ENTRY_BYTES + 1) }
    await expect(log.append({ lane: 'data', contents: [large] })).rejects.toMatchObject({
      code: 'ERR_TOO_LARGE',
    })
    await expect(log.append({ lane: 'data', contents: [] })).rejects.toMatchObject({
      code: 'ERR_MALFORMED',
    })
  })

  test('the largest entry fits, and can be read back', async () => {
    const ada = await openDevice(1)
    const body = new Uint8Array(MAX_ENTRY_BYTES - 44).fill(1)
    await ada.log.append({ lane: 'data', contents: [{ kind: 'note', body }] })
    expect((await notesOf(ada, 'data')).map(({ length }) => length)).toEqual([body.length])
  })
})

describe('ALOG-6 a burst shares records', () => {
  test('10,000 entries at once take few records, in order, each exactly once', async () => {
    const ada = await openDevice(1)
    const texts = Array.from({ length: 10_000 }, (_, at) => `n${at}`)
    await Promise.all(
      texts.map((text) => ada.log.append({ lane: 'messages', contents: [note(text)] })),
    )
    expect(await notesOf(ada)).toEqual(texts)
    expect((await recordsOf(ada)).length).toBeLessThan(20)
  })

  test('what goes along goes into the same commit', async () => {
    const commits: (readonly [number, readonly string[]])[] = []
    const inner = createMemoryAccountLogStore()
    const store: AccountLogStore<string> = {
      ...inner,
      commit: async ({ records = [], alongside = [] }) => {
        commits.push([records.length, alongside])
        await inner.commit({ records })
      },
    }
    const { log } = await openDevice(1, { store: store as AccountLogStore })
    const appendString = log.append as unknown as (entry: {
      lane: 'messages'
      contents: readonly ReturnType<typeof note>[]
      alongside: readonly string[]
    }) => Promise<unknown>
    await Promise.all(
      ['a', 'b', 'c'].map((text) =>
        appendString({ lane: 'messages', contents: [note(text)], alongside: [text] }),
      ),
    )
    expect(commits).toEqual([
      [1, ['a']],
      [1, ['b', 'c']],
    ])
  })

  test('a failed commit rejects its entries and is told to nobody; the next one works', async () => {
    const inner = createMemoryAccountLogStore()
    let broken = true
    const store: AccountLogStore = {
      ...inner,
      commit: async (change: LogChange) => {
        if (broken) throw new Error('no space left')
        await inner.commit(change)
      },
    }
    const ada = await openDevice(1, { store })
    const appended: unknown[] = []
    ada.log.events.addEventListener('record:appended', ({ detail }) => appended.push(detail))
    await expect(writeNotes(ada, ['a'])).rejects.toThrow('no space left')
    expect([appended, ada.log.holdings()]).toEqual([[], []])
    broken = false
    await writeNotes(ada, ['b'])
    expect(await notesOf(ada)).toEqual(['b'])
    const ben = await openDevice(2)
    expect((await ben.log.accept(await recordsOf(ada))).accepted.length).toBe(1)
  })

  test('an entry that was cancelled before is not written', async () => {
    const ada = await openDevice(1)
    const signal = AbortSignal.abort()
    await expect(
      ada.log.append({ lane: 'data', contents: [note('a')] }, { signal }),
    ).rejects.toThrow()
    expect(ada.log.holdings()).toEqual([])
  })
})

describe('ALOG-3 what is sealed is bound to its place', () => {
  test('each part of the place decides: moved records are neither authentic nor readable', async () => {
    const ada = await openDevice(1)
    await writeNotes(ada, ['a', 'b'])
    const [record] = await recordsOf(ada)
    if (record === undefined) throw new Error('no record')
    const otherEpoch = await createEpochRing(
      [createEpoch(createSeededRng(9), 2)],
      nobleRecordCrypto,
    )
    const moved: readonly [string, LogRecord][] = [
      ['number', { ...record, seq: 7 }],
      ['lane', { ...record, lane: 'data' }],
      ['device', { ...record, device: (await openDevice(2)).id }],
      ['epoch', { ...record, epoch: otherEpoch.current().id }],
      ['sealed', { ...record, sealed: flipped(record.sealed, 20) }],
      ['nonce', { ...record, sealed: flipped(record.sealed) }],
    ]
    const epochs = await createEpochRing([FIRST_EPOCH, ...otherEpoch.list()], nobleRecordCrypto)
    const sealer = createRecordSealer({ account: ACCOUNT, epochs, crypto: nobleRecordCrypto })
    expect(await sealer.verify(record)).toBe(true)
    expect(await sealer.open(record)).toMatchObject({ kind: 'opened' })
    for (const [, other] of moved) {
      expect(await sealer.verify(other)).toBe(false)
      expect(await sealer.open(other)).toEqual({ kind: 'unreadable' })
    }
    expect(await sealer.verify({ ...record, prev: flipped(record.prev) })).toBe(false)
    const elsewhere = { account: accountNumber(5), epochs, crypto: nobleRecordCrypto }
    expect(await createRecordSealer(elsewhere).verify(record)).toBe(false)
    expect(await createRecordSealer(elsewhere).open(record)).toEqual({ kind: 'unreadable' })
  })

  test('B2 devices restored from any backup never seal twice with one key and nonce', async () => {
    const pairs = new Set<string>()
    let seals = 0
    const crypto = {
      ...nobleRecordCrypto,
      aes256Gcm: {
        ...nobleRecordCrypto.aes256Gcm,
        seal: (input: Parameters<typeof nobleRecordCrypto.aes256Gcm.seal>[0]) => {
          seals += 1
          pairs.add(`${input.key.join()}/${input.nonce.join()}`)
          return nobleRecordCrypto.aes256Gcm.seal(input)
        },
      },
    }
    for (let life = 0; life < 30; life += 1) {
      // Each life begins with the same backup, an empty store, and writes at the same places.
      const rng = createSeededRng(1_000 + life)
      const device = await openDevice(life % 2, { rng, crypto })
      await writeNotes(device, ['a', 'b', 'c', 'd'])
    }
    expect(pairs.size).toBe(seals)
    expect(seals).toBe(120)
  })

  test('a record in bytes is what it was, and refuses another suite and trailing bytes', async () => {
    const ada = await openDevice(1)
    await writeNotes(ada, ['a'])
    const [record] = await recordsOf(ada)
    if (record === undefined) throw new Error('no record')
    const bytes = recordCodec.encode(record)
    expect(recordCodec.decode(bytes)).toEqual(record)
    expect(() => recordCodec.decode(Uint8Array.of(...bytes, 0))).toThrowError(
      expect.objectContaining({ code: 'ERR_MALFORMED' }),
    )
    const suiteTwo = bytes.slice()
    suiteTwo[1] = 2
    expect(() => recordCodec.decode(suiteTwo)).toThrowError(
      expect.objectContaining({ code: 'ERR_SUITE_UNKNOWN' }),
    )
  })

  test('ALOG-1 a record is of one of two lanes, and of a third there is none', async () => {
    const ada = await openDevice(1)
    await writeNotes(ada, ['a'])
    const [record] = await recordsOf(ada)
    if (record === undefined) throw new Error('no record')
    const [data, messages] = (['data', 'messages'] as const).map((lane) =>
      recordCodec.encode({ ...record, lane }),
    )
    if (data === undefined || messages === undefined) throw new Error('two lanes')
    const at = data.findIndex((byte, index) => byte !== messages[index])
    expect([data[at], messages[at]]).toEqual([0, 1])
    expect(() => recordCodec.decode(data.with(at, 2))).toThrowError(
      expect.objectContaining({ code: 'ERR_MALFORMED' }),
    )
  })
})

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

describe('ALOG-10 forked logs', () => {
  test('of two records at one place the first stays, and the fork is reported', async () => {
    const [one, other] = [await openDevice(1), await openDevice(1, { rng: createSeededRng(50) })]
    await writeNotes(one, ['before'])
    await writeNotes(other, ['after the backup'])
    const ben = await openDevice(2)
    const forks = forksOf(ben)
    await ben.log.accept(await recordsOf(one))
    const { refused } = await ben.log.accept(await recordsOf(other))
    expect(refused.map(({ reason }) => reason)).toEqual(['equivocation'])
    expect(forks).toEqual([{ device: one.id, lane: 'messages', seq: 1 }])
    expect(await notesOf(ben)).toEqual(['before'])
  })

  test('a forged record at a taken place is no fork', async () => {
    const ada = await openDevice(1)
    await writeNotes(ada, ['a'])
    const ben = await openDevice(2)
    const forks = forksOf(ben)
    const [record] = await recordsOf(ada)
    if (record === undefined) throw new Error('no record')
    await ben.log.accept([record])
    const { refused } = await ben.log.accept([{ ...record, sealed: flipped(record.sealed) }])
    expect([refused[0]?.reason, forks]).toEqual(['forged', []])
  })

  test('a record that follows another one than ours shows the fork at once', async () => {
    const [one, other] = [await openDevice(1), await openDevice(1, { rng: createSeededRng(50) })]
    await writeNotes(one, ['a'])
    await writeNotes(other, ['b', 'c'])
    const ben = await openDevice(2)
    const forks = forksOf(ben)
    await ben.log.accept(await recordsOf(one))
    await ben.log.accept((await recordsOf(other)).slice(1))
    expect(forks.map(({ seq }) => seq)).toEqual([2])
    expect(await notesOf(ben)).toEqual(['a', 'c'])
  })

  test('B2 a device restored from a backup takes back what it had written, and goes on after it', async () => {
    const ada = await openDevice(1)
    await writeNotes(ada, ['a', 'b', 'c'])
    const restored = await openDevice(1, { rng: createSeededRng(50) })
    const forks = forksOf(restored)
    await restored.log.accept(await recordsOf(ada))
    await writeNotes(restored, ['d'])
    expect(await notesOf(restored)).toEqual(['a', 'b', 'c', 'd'])
    const ben = await openDevice(2)
    const benForks = forksOf(ben)
    await ben.log.accept(await recordsOf(ada))
    await ben.log.accept(await recordsOf(restored))
    expect(await notesOf(ben)).toEqual(['a', 'b', 'c', 'd'])
    expect([forks, benForks]).toEqual([[], []])
  })
})

describe('ALOG-5 epochs', () => {
  test('the current one is the highest by number, then by id, whatever the order of adding', async () => {
    const keys = [3, 1, 3, 2].map((number, at) => createEpoch(createSeededRng(at), number))
    const rings = await Promise.all(
      [keys, keys.toReversed()].map((list) => createEpochRing(list, nobleRecordCrypto)),
    )
    const [one, other] = rings.map((ring) => ring.current())
    expect(one?.number).toBe(3)
    expect(one).toEqual(other)
    const highest = rings[0]
      ?.list()
      .filter(({ number }) => number === 3)
      .map(({ id }) => id)
    expect(one?.id).toBe(highest?.sort().at(-1))
  })

  test('an id tells nothing of its key and is bound to it', async () => {
    const ring = await createEpochRing([FIRST_EPOCH], nobleRecordCrypto)
    const other = await ring.add({ ...FIRST_EPOCH, key: flipped(FIRST_EPOCH.key) })
    expect(ring.list().length).toBe(2)
    const first = await ring.add(FIRST_EPOCH)
    expect(other.id).not.toBe(first.id)
    expect(ring.get(first.id)).toEqual(first)
    expect(ring.list().length).toBe(2)
  })

  test('keys pass to a new device in bytes; malformed ones and an empty ring are refused', async () => {
    const keys = [FIRST_EPOCH, createEpoch(createSeededRng(3), 2)]
    expect(epochKeysCodec.decode(epochKeysCodec.encode(keys))).toEqual(keys)
    expect(() => epochKeysCodec.decode(Uint8Array.of(0x81, 0x00))).toThrowError(
      expect.objectContaining({ code: 'ERR_MALFORMED' }),
    )
    await expect(createEpochRing([], nobleRecordCrypto)).rejects.toMatchObject({
      code: 'ERR_MALFORMED',
    })
  })

  test('records under several epochs are read side by side', async () => {
    const ada = await openDevice(1)
    await writeNotes(ada, ['one'])
    await ada.log.epochs.add(createEpoch(createSeededRng(4), 2))
    await writeNotes(ada, ['two'])
    const records = await recordsOf(ada)
    expect(new Set(records.map(({ epoch }) => epoch)).size).toBe(2)
    expect(await notesOf(ada)).toEqual(['one', 'two'])
  })
})
