import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Level } from 'level'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { crc32c } from './crc32c.ts'
import { BYTE_LEVEL } from './level-backend.ts'
import { checkTable } from './table-file.ts'

const root = await mkdtemp(join(tmpdir(), 'kith-table-'))
afterAll(() => rm(root, { recursive: true, force: true }))

const ENTRIES = 500
let path: string
let file: Uint8Array

/** Opening a second time moves the log into one table file. */
beforeAll(async () => {
  const location = join(root, 'data')
  await inLevel(location, (level) =>
    level.batch(
      Array.from({ length: ENTRIES }, (_, at) => ({
        type: 'put' as const,
        key: new TextEncoder().encode(`key ${String(at).padStart(4, '0')}`),
        value: new Uint8Array(100).fill(at),
      })),
    ),
  )
  await inLevel(location, () => Promise.resolve())
  const name = (await readdir(location)).find((one) => one.endsWith('.ldb'))
  path = join(location, name ?? 'none')
  file = await readFile(path)
})

describe('LevelDB tables', () => {
  test('RFC 3720 B.4 CRC-32C', () => {
    expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa)
    expect(crc32c(new Uint8Array(32).fill(0xff))).toBe(0x62a8ab43)
    expect(crc32c(Uint8Array.from({ length: 32 }, (_, at) => at))).toBe(0x46dd794e)
    expect(crc32c(new TextEncoder().encode('123456789'))).toBe(0xe3069283)
    expect(crc32c(new TextEncoder().encode('123456789'))).toBe(0xe3069283)
  })

  test('STO-36 a table as LevelDB wrote it is whole', () => {
    expect(checkTable(file)).toEqual({ kind: 'whole' })
  })

  test('STO-36 E2 every flipped bit that matters is seen, and a damaged block costs itself only', async () => {
    const losses: number[] = []
    for (let at = 3; at < file.length; at += 997) {
      const check = checkTable(flipped(at))
      expect(check.kind, `byte ${at} of ${file.length}`).not.toBe('whole')
      if (check.kind === 'mended') losses.push(ENTRIES - (await entriesIn(check.bytes)))
    }
    expect(losses.length).toBeGreaterThan(30)
    expect(Math.max(...losses)).toBeLessThan(60)
  })

  test('STO-36 a damaged filter costs nothing', async () => {
    const filterAt = file.length - 48 - 400
    const check = checkTable(flipped(filterAt))
    if (check.kind !== 'mended') throw new Error(`the filter is not at ${filterAt}`)
    expect(await entriesIn(check.bytes)).toBe(ENTRIES)
  })

  test('STO-36 a mended table is whole', () => {
    const check = checkTable(flipped(5_000))
    if (check.kind !== 'mended') throw new Error('not mended')
    expect(checkTable(check.bytes)).toEqual({ kind: 'whole' })
  })

  test('STO-36 a table that LevelDB compressed is left alone', async () => {
    const location = join(root, 'compressed')
    const level: Raw = new Level(location, { ...BYTE_LEVEL, compression: true })
    const keys = Array.from({ length: 200 }, (_, at) => `a key that is long and alike ${at}`)
    await level.batch(
      keys.map((key) => ({
        type: 'put' as const,
        key: new TextEncoder().encode(key),
        value: file,
      })),
    )
    await level.close()
    const again: Raw = new Level(location, { ...BYTE_LEVEL, compression: true })
    await again.open()
    await again.close()
    const names = (await readdir(location)).filter((name) => name.endsWith('.ldb'))
    expect(names.length).toBeGreaterThan(0)
    for (const name of names) {
      expect(checkTable(await readFile(join(location, name)))).toEqual({ kind: 'whole' })
    }
  })

  test('STO-36 what is no table is lost, whatever it says of its blocks', () => {
    const bad = [
      new Uint8Array(),
      new Uint8Array(48),
      new Uint8Array(1_000).fill(0xff),
      file.subarray(0, -1),
      file.subarray(-48),
    ]
    for (const bytes of bad) expect(checkTable(bytes)).toEqual({ kind: 'lost' })
  })
})

function flipped(at: number): Uint8Array {
  const bytes = Uint8Array.from(file)
  bytes[at] = (bytes[at] ?? 0) ^ 0x10
  return bytes
}

/** What LevelDB finds in a table put in place of the one it knows: by reading on and key by key. */
async function entriesIn(table: Uint8Array): Promise<number> {
  await writeFile(path, table)
  let found = 0
  await inLevel(join(root, 'data'), async (level) => {
    const entries = await level.iterator().all()
    found = entries.length
    const values = await level.getMany(entries.map(([key]) => key))
    expect(values.filter((value) => value === undefined)).toEqual([])
  })
  await writeFile(path, file)
  return found
}

type Raw = Level<Uint8Array, Uint8Array>

async function inLevel(location: string, work: (level: Raw) => Promise<void>): Promise<void> {
  const level: Raw = new Level(location, { ...BYTE_LEVEL, compression: false })
  await level.open()
  try {
    await work(level)
  } finally {
    await level.close()
  }
}
