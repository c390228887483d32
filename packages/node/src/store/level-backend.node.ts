/** The store on a disk: classic-level in the home's folder `data`, repaired when it does not open. */

import { randomUUID } from 'node:crypto'
import { open, rename, rm, statfs } from 'node:fs/promises'
import { join } from 'node:path'
import { KithError } from '@kithmesh/protocol'
import { Level } from 'level'
import type { Backend } from './backend.ts'
import { BYTE_LEVEL, type ByteLevel, createLevelBackend } from './level-backend.ts'

/** Values are sealed, and sealed bytes do not compress. */
const OPTIONS = { ...BYTE_LEVEL, compression: false } as const
/** LevelDB writes out its last log, up to 4 MiB, when it opens; less space than this is full. */
const FREE_BYTES = 8 * 1024 * 1024
/** Enough to need a block of its own, whatever the file system keeps in its inodes. */
const PROBE_BYTES = 64 * 1024

/** Opens the home's data. @throws ERR_STORE_OPEN */
export async function openNodeBackend(home: string): Promise<Backend> {
  const location = join(home, 'data')
  const level = await openLevel(location)
  return createLevelBackend(level, {
    isWritable: () => isWritable(home),
    compact: () => compact(level),
  })
}

async function openLevel(location: string): Promise<ByteLevel> {
  try {
    return await openOnce(location)
  } catch (error) {
    if (!isCorruption(error)) throw cannotOpen(error)
    return await openRepaired(location)
  }
}

/**
 * Repair keeps what is readable. What it loses, the store's own count notices (STO-30); what not
 * even it can read is set aside rather than deleted, and the count notices that everything is gone.
 */
async function openRepaired(location: string): Promise<ByteLevel> {
  try {
    await repair(location)
    return await openOnce(location)
  } catch (error) {
    if (!isCorruption(error)) throw cannotOpen(error)
    await rename(location, `${location}.damaged-${randomUUID()}`)
    return await openOnce(location)
  }
}

async function openOnce(location: string): Promise<ByteLevel> {
  const level = new Level<Uint8Array, Uint8Array>(location, OPTIONS)
  await level.open()
  return level
}

/** `repair` is classic-level's alone, so the types of `level`, which are for both, leave it out. */
async function repair(location: string): Promise<void> {
  const method: unknown = Reflect.get(Level, 'repair')
  if (typeof method !== 'function') throw new TypeError('level has no repair')
  await method.call(Level, location)
}

async function compact(level: ByteLevel): Promise<void> {
  const method: unknown = Reflect.get(level, 'compactRange')
  if (typeof method !== 'function') throw new TypeError('level has no compactRange')
  await method.call(level, Uint8Array.of(0x00), Uint8Array.of(0xff), BYTE_LEVEL)
}

async function isWritable(home: string): Promise<boolean> {
  const path = join(home, `probe-${randomUUID()}.new`)
  try {
    const { bavail, bsize } = await statfs(home)
    if (bavail * bsize < FREE_BYTES) return false
    const file = await open(path, 'wx', 0o600)
    try {
      await file.writeFile(new Uint8Array(PROBE_BYTES))
      await file.sync()
    } finally {
      await file.close()
    }
    return true
  } catch {
    return false
  } finally {
    await rm(path, { force: true })
  }
}

function isCorruption(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  return ('code' in error && error.code === 'LEVEL_CORRUPTION') || isCorruption(error.cause)
}

function cannotOpen(cause: unknown): KithError {
  return new KithError('ERR_STORE_OPEN', 'the store cannot be opened', {
    cause,
    hint: 'Check that the disk has space and that the home belongs to this account.',
  })
}
