import { cp, mkdtemp, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { codec, isKithError, text } from '@kithmesh/protocol'
import { Level } from 'level'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { nodePlatform } from '../platform.node.ts'
import { idPart, singleKey, tupleKey, uintPart } from './key-codec.ts'
import { BYTE_LEVEL } from './level-backend.ts'
import { openStore } from './store.ts'
import type { CorruptEntry, Store, Table } from './store-types.ts'

const { clock, rng } = nodePlatform
/** How often each file is damaged: more in a release run. */
const FLIPS = Number(process.env['KITH_FLIPS'] ?? 30)
const COMMITS = 150
const root = await mkdtemp(join(tmpdir(), 'kith-damage-'))
afterAll(() => rm(root, { recursive: true, force: true }))

const values = codec(text({ max: 4_000 }), { maxBytes: 4_100 })

type Notes = Table<readonly [string, number], string>

function notesOf(store: Store): Notes {
  const key = tupleKey(
    idPart((id) => id),
    uintPart(),
  )
  return store.table('notes', { key, value: values })
}

async function open(home: string): Promise<Store> {
  const store = await openStore({ home, platform: nodePlatform }, { clock, rng })
  await store.audited
  return store
}

/** 150 commits of 4 puts; every key in its second version, some deleted again. */
async function fill(home: string): Promise<void> {
  await using store = await open(home)
  const notes = notesOf(store)
  for (let commit = 0; commit < COMMITS; commit++) {
    const puts = [0, 1, 2, 3].map((at) =>
      notes.put(['chat', (commit * 2 + at) % 280], version(commit)),
    )
    await store.commit([...puts, notes.delete(['chat', 279])])
  }
}

function version(commit: number): string {
  return `version ${commit} `.repeat(20)
}

async function contents(store: Store): Promise<Map<number, string>> {
  const found = new Map<number, string>()
  const onCorrupt = (): void => {}
  for await (const [[, at], value] of notesOf(store).entries({}, { onCorrupt }))
    found.set(at, value)
  return found
}

let pristine: Map<number, string>
const logHome = join(root, 'as-log')
const tableHome = join(root, 'as-table')

beforeAll(async () => {
  await fill(logHome)
  await cp(logHome, tableHome, { recursive: true })
  // Opening moves the log into a table file.
  await using store = await open(tableHome)
  pristine = await contents(store)
  expect(store.damage).toEqual([])
})

describe('E2 bit rot', () => {
  for (const [kind, home, pattern, flips] of [
    ['log', logHome, /\.log$/, FLIPS],
    ['table', tableHome, /\.ldb$/, FLIPS],
    ['manifest', tableHome, /^MANIFEST/, Math.ceil(FLIPS / 3)],
    ['CURRENT', tableHome, /^CURRENT$/, Math.ceil(FLIPS / 3)],
  ] as const) {
    test(`STO-30 E2 a flipped bit in the ${kind} file is harmless or noticed, ${flips} times`, async () => {
      let noticed = 0
      for (let flip = 0; flip < flips; flip++) {
        const copy = join(root, `${kind}-${flip}`)
        await cp(home, copy, { recursive: true })
        await flipBit(join(copy, 'data'), pattern)
        if ((await noticeOf(copy)) === 'noticed') noticed += 1
        await rm(copy, { recursive: true })
      }
      if (kind === 'log') expect(noticed).toBeGreaterThan(0)
    }, 600_000)
  }

  test('STO-35 E2 files full of nonsense do not stop the device', async () => {
    const copy = join(root, 'nonsense')
    await cp(tableHome, copy, { recursive: true })
    const data = join(copy, 'data')
    for (const name of await readdir(data)) await writeFile(join(data, name), rng.bytes(1_000))
    {
      await using store = await open(copy)
      expect(store.damage).toEqual([expect.objectContaining({ kind: 'commits', lost: COMMITS })])
      expect(await contents(store)).toEqual(new Map())
      await store.commit([notesOf(store).put(['chat', 1], 'new')])
    }
    await using store = await open(copy)
    expect(await notesOf(store).get(['chat', 1])).toBe('new')
  })

  for (const [what, current] of [
    ['names a file with a NUL in it', 'MANI\0FEST-000004\n'],
    ['names a manifest that is not there', 'MANIFEST-999999\n'],
    ['names a folder', './\n'],
    ['is empty', ''],
    ['has no end of line', 'MANIFEST-000004'],
  ] as const) {
    test(`STO-35 E2 a CURRENT that ${what} costs nothing`, async () => {
      const copy = join(root, 'current')
      await cp(tableHome, copy, { recursive: true })
      await writeFile(join(copy, 'data', 'CURRENT'), current)
      {
        await using store = await open(copy)
        expect(await contents(store)).toEqual(pristine)
      }
      await rm(copy, { recursive: true })
    })
  }

  test('STO-31 E2 a lost end of the log is noticed by the anchor', async () => {
    const copy = join(root, 'short')
    await cp(logHome, copy, { recursive: true })
    const log = join(copy, 'data', await fileLike(join(copy, 'data'), /\.log$/))
    await truncate(log, Math.floor((await stat(log)).size / 2))
    await using store = await open(copy)
    expect(store.damage).toEqual([expect.objectContaining({ kind: 'commits' })])
  })

  test('STO-31 E2 a store that lost all its files is noticed', async () => {
    const copy = join(root, 'empty')
    await cp(logHome, copy, { recursive: true })
    await rm(join(copy, 'data'), { recursive: true })
    await using store = await open(copy)
    expect(store.damage).toEqual([expect.objectContaining({ kind: 'commits', lost: COMMITS })])
  })

  test('STO-31 a rotten or torn anchor is harmless', async () => {
    for (const rot of [0, 4096]) {
      const copy = join(root, `anchor-${rot}`)
      await cp(logHome, copy, { recursive: true })
      const anchor = join(copy, 'anchor')
      const bytes = await readFile(anchor)
      bytes[rot + 3] = (bytes[rot + 3] ?? 0) ^ 0x40
      await writeFile(anchor, bytes)
      await using store = await open(copy)
      expect(store.damage).toEqual([])
    }
  })

  test('STO-34 damage is told at every opening until it is forgotten', async () => {
    const copy = join(root, 'told')
    await cp(logHome, copy, { recursive: true })
    await rm(join(copy, 'data'), { recursive: true })
    for (let opening = 0; opening < 2; opening++) {
      await using store = await open(copy)
      expect(store.damage).toHaveLength(1)
      await store.commit([notesOf(store).put(['chat', opening], 'again')])
    }
    {
      await using store = await open(copy)
      await store.forgetDamage()
      expect(store.damage).toEqual([])
    }
    await using store = await open(copy)
    expect(store.damage).toEqual([])
    expect(await notesOf(store).get(['chat', 1])).toBe('again')
  })
})

describe('values on the disk', () => {
  test('STO-22 STO-32 a value moved to another key does not open, and is reported with its drop', async () => {
    const copy = await rawCopy('moved', async (level) => {
      const [[one], [, two]] = await twoEntries(level)
      await level.put(one, two)
    })
    await using store = await open(copy)
    expect(store.damage).toEqual([expect.objectContaining({ kind: 'table', table: 'notes' })])
    const corrupt: CorruptEntry[] = []
    const onCorrupt = (entry: CorruptEntry): void => void corrupt.push(entry)
    let rest = 0
    for await (const _ of notesOf(store).entries({}, { onCorrupt })) rest += 1
    expect([rest, corrupt.length]).toEqual([pristine.size - 1, 1])
    await expect(notesOf(store).get(['chat', 0])).rejects.toMatchObject({
      code: 'ERR_STORE_CORRUPT',
    })
    await store.commit(corrupt.map(({ drop }) => drop))
    expect(await notesOf(store).get(['chat', 0])).toBeUndefined()
  })

  test('STO-21 the same value is put under another nonce each time', async () => {
    const home = join(root, 'nonces')
    const nonces = new Set<string>()
    for (let round = 0; round < 5; round += 1) {
      {
        await using store = await open(home)
        await store.commit([notesOf(store).put(['chat', 0], 'the same')])
      }
      await raw(home, async (level) => {
        for await (const stored of level.values()) {
          // Behind the version and the commit's number, 12 bytes.
          nonces.add(Buffer.from(stored.subarray(9, 21)).toString('hex'))
        }
      })
    }
    // Each round seals the value and the ledger.
    expect(nonces.size).toBeGreaterThanOrEqual(10)
  })

  test('STO-30 an older value put back is noticed', async () => {
    let old: Uint8Array | undefined
    const home = await rawCopy('rolled', async (level) => {
      const [[key]] = await twoEntries(level)
      old = await level.get(key)
    })
    {
      await using store = await open(home)
      await store.commit([notesOf(store).put(['chat', 0], 'newer')])
    }
    await raw(home, async (level) => {
      const [[key]] = await twoEntries(level)
      if (old !== undefined) await level.put(key, old)
    })
    await using store = await open(home)
    expect(store.damage).toEqual([expect.objectContaining({ kind: 'table', table: 'notes' })])
  })

  test('STO-20 E5 neither text nor ids stand on the disk', async () => {
    const home = join(root, 'canary')
    {
      await using store = await open(home)
      const key = singleKey(idPart((id) => id))
      const table = store.table('canaries', { key, value: values })
      await store.commit([table.put('canary-id-5150', 'canary-text-5150')])
      await store.compact()
    }
    for (const name of await readdir(home, { recursive: true })) {
      const path = join(home, name)
      if (!(await stat(path)).isFile()) continue
      expect(await readFile(path, 'latin1'), name).not.toMatch(/canary-(id|text)/)
    }
  })

  test('STO-24 a deleted value leaves the disk with compact', async () => {
    const home = join(root, 'deleted')
    await using store = await open(home)
    const notes = notesOf(store)
    await store.commit([notes.put(['chat', 1], 'x'.repeat(4_000))])
    const [, sealed] = await storedValue(home)
    await store.commit([notes.delete(['chat', 1])])
    await store.compact()
    for (const name of await readdir(join(home, 'data'))) {
      expect((await readFile(join(home, 'data', name))).includes(Buffer.from(sealed)), name).toBe(
        false,
      )
    }
  })
})

/** Opens a damaged home: whatever is not as it was must be told. */
async function noticeOf(home: string): Promise<'harmless' | 'noticed'> {
  await using store = await open(home)
  if (store.damage.length > 0) return 'noticed'
  for (const [at, value] of pristine) {
    const found = await notesOf(store)
      .get(['chat', at])
      .catch((error: unknown) => {
        if (!isKithError(error, 'ERR_STORE_CORRUPT')) throw error
        return 'told'
      })
    if (found === 'told') return 'noticed'
    expect(found).toBe(value)
  }
  expect(await contents(store)).toEqual(pristine)
  return 'harmless'
}

async function flipBit(folder: string, pattern: RegExp): Promise<void> {
  const path = join(folder, await fileLike(folder, pattern))
  const bytes = await readFile(path)
  const random = new DataView(rng.bytes(4).buffer).getUint32(0)
  const at = random % bytes.length
  bytes[at] = (bytes[at] ?? 0) ^ (1 << (random >>> 29))
  await writeFile(path, bytes)
}

/** The largest file of that name: LevelDB makes small new ones beside it. */
async function fileLike(folder: string, pattern: RegExp): Promise<string> {
  const names = (await readdir(folder)).filter((name) => pattern.test(name))
  const sized = await Promise.all(
    names.map(async (name) => ({ name, size: (await stat(join(folder, name))).size })),
  )
  const largest = sized.sort((a, b) => b.size - a.size)[0]
  if (largest === undefined) throw new Error(`no file like ${pattern} in ${folder}`)
  return largest.name
}

type Raw = Level<Uint8Array, Uint8Array>

async function rawCopy(name: string, change: (level: Raw) => Promise<void>): Promise<string> {
  const copy = join(root, name)
  await cp(tableHome, copy, { recursive: true })
  await raw(copy, change)
  return copy
}

async function raw(home: string, change: (level: Raw) => Promise<void>): Promise<void> {
  const level = new Level<Uint8Array, Uint8Array>(join(home, 'data'), BYTE_LEVEL)
  await change(level)
  await level.close()
}

/** The first two entries behind the ledger. */
async function twoEntries(
  level: Raw,
): Promise<readonly [readonly [Uint8Array, Uint8Array], readonly [Uint8Array, Uint8Array]]> {
  const [one, two] = await level.iterator({ gte: Uint8Array.of(1), limit: 2 }).all()
  if (one === undefined || two === undefined) throw new Error('the store is empty')
  return [one, two]
}

/** What a value looks like on the disk, read from a copy since the store is open. */
async function storedValue(home: string): Promise<readonly [Uint8Array, Uint8Array]> {
  const copy = `${home}-copy`
  await cp(join(home, 'data'), join(copy, 'data'), { recursive: true })
  let entry: readonly [Uint8Array, Uint8Array] | undefined
  await raw(copy, async (level) => {
    const [first] = await level.iterator({ gte: Uint8Array.of(1), limit: 1 }).all()
    entry = first
  })
  if (entry === undefined) throw new Error('the store is empty')
  return entry
}
