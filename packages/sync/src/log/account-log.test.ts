import { describe, expect, test } from 'vitest'
import { note, notesOf, openDevice, writeNotes } from '../testing/devices.ts'
import { forksOf, recordsOf } from '../testing/log-records.ts'
import type { AccountLogStore, LogChange } from './account-log-store.ts'
import { MAX_ENTRY_BYTES } from './appending.ts'
import { createMemoryAccountLogStore } from './memory-account-log-store.ts'

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
