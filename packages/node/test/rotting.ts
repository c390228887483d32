/** A home whose disk loses or changes something, behind the back of its device. */

import { readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Level } from 'level'
import { BYTE_LEVEL, type ByteLevel } from '../src/store/level-backend.ts'
import { tableOfStoredKey } from '../src/store/stored-key.ts'

/** Takes entries of these tables from a home that is closed: all, or those that `loses` says. */
export async function loseEntries(
  home: string,
  tables: readonly string[],
  loses: (at: number) => boolean = () => true,
): Promise<number> {
  let lost = 0
  await inLevel(home, async (level) => {
    const keys = await keysOf(level, tables)
    for (const key of keys.filter((_, at) => loses(at))) {
      await level.del(key)
      lost += 1
    }
  })
  return lost
}

/** Flips a bit in each value of these tables, or in those that `rots` says. */
export async function rotEntries(
  home: string,
  tables: readonly string[],
  rots: (at: number) => boolean = () => true,
): Promise<number> {
  let rotten = 0
  await inLevel(home, async (level) => {
    const keys = await keysOf(level, tables)
    for (const key of keys.filter((_, at) => rots(at))) {
      const value = await level.get(key)
      if (value === undefined) continue
      await level.put(key, value.with(value.length - 3, (value.at(-3) ?? 0) ^ 4))
      rotten += 1
    }
  })
  return rotten
}

/** Flips one bit of the largest file of a home's data that has such a name; `random` is any number. */
export async function flipBit(home: string, name: RegExp, random: number): Promise<boolean> {
  const folder = join(home, 'data')
  const names = (await readdir(folder)).filter((one) => name.test(one))
  const sized = await Promise.all(
    names.map(async (one) => ({ one, size: (await stat(join(folder, one))).size })),
  )
  const largest = sized.sort((a, b) => b.size - a.size)[0]
  if (largest === undefined || largest.size === 0) return false
  const path = join(folder, largest.one)
  const bytes = await readFile(path)
  const at = random % bytes.length
  bytes[at] = (bytes[at] ?? 0) ^ (1 << (random >>> 29))
  await writeFile(path, bytes)
  return true
}

async function keysOf(level: ByteLevel, tables: readonly string[]): Promise<Uint8Array[]> {
  const keys: Uint8Array[] = []
  for await (const key of level.keys({ gte: Uint8Array.of(1) })) {
    if (tables.includes(tableOfStoredKey(key) ?? '')) keys.push(key)
  }
  return keys
}

async function inLevel(home: string, change: (level: ByteLevel) => Promise<void>): Promise<void> {
  const level: ByteLevel = new Level(join(home, 'data'), { ...BYTE_LEVEL, compression: false })
  await change(level)
  await level.close()
}
