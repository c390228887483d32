import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { codec, text } from '@kithmesh/protocol'
import { afterAll, describe, expect, test } from 'vitest'
import { loseEntries, rotEntries } from '../../test/rotting.ts'
import { nodePlatform } from '../platform.node.ts'
import { idPart, tupleKey, uintPart } from './key-codec.ts'
import { openStore } from './store.ts'
import type { Store, Table } from './store-types.ts'

const { clock, rng } = nodePlatform
const root = await mkdtemp(join(tmpdir(), 'kith-audit-'))
afterAll(() => rm(root, { recursive: true, force: true }))

/** More than the audit counts in one step. */
const ENTRIES = 1_000

type Notes = Table<readonly [string, number], string>

function notesOf(store: Store): Notes {
  const key = tupleKey(
    idPart((id) => id),
    uintPart(),
  )
  return store.table('notes', { key, value: codec(text({ max: 100 }), { maxBytes: 200 }) })
}

let homes = 0

/** A closed home with notes in it. */
async function filled(): Promise<string> {
  homes += 1
  const home = join(root, `home-${homes}`)
  await using store = await openStore({ home, platform: nodePlatform }, { clock, rng })
  const notes = notesOf(store)
  await store.commit(Array.from({ length: ENTRIES }, (_, at) => notes.put(['a', at], `note ${at}`)))
  return home
}

/** Opens a home whose audit waits to be let go. */
async function openWaiting(home: string): Promise<{ store: Store; audit(): Promise<void> }> {
  const go = Promise.withResolvers<void>()
  const environment = { clock, rng, auditAfter: go.promise }
  const store = await openStore({ home, platform: nodePlatform }, environment)
  return {
    store,
    audit: () => {
      go.resolve()
      return store.audited
    },
  }
}

describe('STO-46 the audit behind the opening', () => {
  test('STO-46 a store serves before it was counted, and tells the loss when it was', async () => {
    const home = await filled()
    expect(await loseEntries(home, ['notes'], (at) => at === 700)).toBe(1)
    const { store, audit } = await openWaiting(home)
    expect(store.damage).toEqual([])
    expect(await notesOf(store).get(['a', 3])).toBe('note 3')
    await store.commit([notesOf(store).put(['a', 3], 'changed')])
    await audit()
    const told = [{ kind: 'table', table: 'notes', expected: ENTRIES, found: ENTRIES - 1 }]
    expect(store.damage).toMatchObject(told)
    await store.close()
    const again = await openWaiting(home)
    expect(again.store.damage).toMatchObject(told)
    await again.store.close()
  })

  test('STO-46 what is committed while it counts is neither lost nor counted twice', async () => {
    for (const lost of [0, 1]) {
      const home = await filled()
      await loseEntries(home, ['notes'], (at) => at < lost)
      const { store, audit } = await openWaiting(home)
      const notes = notesOf(store)
      const audited = audit()
      let isOver = false
      void audited.then(() => {
        isOver = true
      })
      for (let round = 0; !isOver && round < 10_000; round++) {
        const [one = 0, two = 0, three = 0, four = 0] = rng.bytes(4)
        const at = (one * 256 + two) % (ENTRIES + 100)
        const op = three < 128 ? notes.put(['a', at], `round ${round}`) : notes.delete(['a', at])
        await store.commit([op, notes.put(['b', four], 'more')])
      }
      await audited
      expect(store.damage.map(({ kind }) => kind)).toEqual(lost === 0 ? [] : ['table'])
      await store.close()
      const again = await openWaiting(home)
      await again.audit()
      expect(again.store.damage).toHaveLength(lost)
      await again.store.close()
    }
  })

  test('STO-46 a store that closes meanwhile is counted by its next opening', async () => {
    const home = await filled()
    await loseEntries(home, ['notes'], (at) => at === 1)
    const { store } = await openWaiting(home)
    await store.close()
    await store.audited
    const again = await openWaiting(home)
    await again.audit()
    expect(again.store.damage).toHaveLength(1)
    await again.store.close()
  })
})

describe('keys without values', () => {
  test('STO-47 only the first value of each hidden part is read', async () => {
    const home = await filled()
    await rotEntries(home, ['notes'], (at) => at > 0)
    const { store } = await openWaiting(home)
    const keys: number[] = []
    for await (const [id, at] of notesOf(store).keys({ prefix: ['a'] })) {
      expect(id).toBe('a')
      keys.push(at)
    }
    expect(keys).toEqual(Array.from({ length: ENTRIES }, (_, at) => at))
    await expect(notesOf(store).get(['a', 7])).rejects.toMatchObject({ code: 'ERR_STORE_CORRUPT' })
    await store.close()
  })
})

describe('sweeping', () => {
  test('STO-48 what does not open in a damaged table goes, what opens stays', async () => {
    const home = await filled()
    await rotEntries(home, ['notes'], (at) => at % 10 === 0)
    const { store, audit } = await openWaiting(home)
    await store.sweep()
    await expect(notesOf(store).get(['a', 0])).rejects.toMatchObject({ code: 'ERR_STORE_CORRUPT' })
    await audit()
    expect(store.damage).toMatchObject([{ kind: 'table', expected: ENTRIES, found: ENTRIES }])
    await store.sweep()
    expect(
      await notesOf(store).getMany([
        ['a', 0],
        ['a', 1],
      ]),
    ).toEqual([undefined, 'note 1'])
    expect(await store.countOf('notes')).toBe((ENTRIES * 9) / 10)
    expect(store.damage).toHaveLength(1)
    await store.forgetDamage()
    await store.close()
    const again = await openWaiting(home)
    await again.audit()
    expect(again.store.damage).toEqual([])
    await again.store.close()
  })
})

describe('forgetting damage', () => {
  test('STO-53 what was noticed since, also of the same table, is kept, and told at the next opening', async () => {
    const home = await filled()
    await loseEntries(home, ['notes'], (at) => at === 3)
    const first = await openWaiting(home)
    await first.audit()
    await first.store.close()
    await loseEntries(home, ['notes'], (at) => at === 5)
    const { store, audit } = await openWaiting(home)
    const healed = store.damage
    expect(healed).toMatchObject([{ kind: 'table', found: ENTRIES - 1 }])
    await audit()
    await store.forgetDamage(healed)
    const since = [{ kind: 'table', table: 'notes', found: ENTRIES - 2 }]
    expect(store.damage).toMatchObject(since)
    await store.close()
    const again = await openWaiting(home)
    expect(again.store.damage).toMatchObject(since)
    // Healed as well, and then nothing is left to tell.
    await again.store.forgetDamage(again.store.damage)
    expect(again.store.damage).toEqual([])
    await again.store.close()
  })
})
