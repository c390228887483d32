/** A home whose disk loses or changes something, behind the back of its device. */

import { readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Level } from 'level'
import type { Random } from '../../../test/sim/ground/random.ts'
import { BYTE_LEVEL, type ByteLevel } from '../src/store/level-backend.ts'
import { tableOfStoredKey } from '../src/store/stored-key.ts'

/** Takes entries of these tables from a home that is closed: all, or those that `loses` says. */
export async function loseEntries(
  home: string,
  tables: readonly string[],
  loses: (at: number, key: Uint8Array) => boolean = () => true,
): Promise<number> {
  let lost = 0
  await inLevel(home, async (level) => {
    const keys = await keysOf(level, tables)
    for (const key of keys.filter((one, at) => loses(at, one))) {
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
  rots: (at: number, key: Uint8Array) => boolean = () => true,
): Promise<number> {
  let rotten = 0
  await inLevel(home, async (level) => {
    const keys = await keysOf(level, tables)
    for (const key of keys.filter((one, at) => rots(at, one))) {
      const value = await level.get(key)
      if (value === undefined) continue
      await level.put(key, value.with(value.length - 3, (value.at(-3) ?? 0) ^ 4))
      rotten += 1
    }
  })
  return rotten
}

/** A bit that was flipped. */
export interface Flip {
  readonly file: string
  /** The byte, of how many, and which of its bits. */
  readonly at: number
  readonly size: number
  readonly bit: number
}

/** Flips one bit of the largest file of a home's data that has such a name; undefined where there is none. */
export async function flipBit(
  home: string,
  name: RegExp,
  random: Random,
): Promise<Flip | undefined> {
  const folder = join(home, 'data')
  const names = (await readdir(folder)).filter((one) => name.test(one))
  const sized = await Promise.all(
    names.map(async (file) => ({ file, size: (await stat(join(folder, file))).size })),
  )
  const largest = sized.sort((a, b) => b.size - a.size)[0]
  if (largest === undefined || largest.size === 0) return undefined
  const path = join(folder, largest.file)
  const bytes = await readFile(path)
  const flip = { ...largest, at: random.below(bytes.length), bit: random.below(8) }
  bytes[flip.at] = (bytes[flip.at] ?? 0) ^ (1 << flip.bit)
  await writeFile(path, bytes)
  return flip
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
