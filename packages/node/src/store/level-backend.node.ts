/** The store on a disk: classic-level in the home's folder `data`. */

import { randomUUID } from 'node:crypto'
import { open, rename, rm, statfs } from 'node:fs/promises'
import { join } from 'node:path'
import { isKithError, KithError } from '@kithmesh/protocol'
import { Level } from 'level'
import type { OpenCare } from '../platform.ts'
import type { Backend } from './backend.ts'
import { BYTE_LEVEL, type ByteLevel, createLevelBackend } from './level-backend.ts'
import { hasManifest, hasWholeLogs, mendTables } from './table-folder.node.ts'

/** Values are sealed, and sealed bytes do not compress. */
const OPTIONS = { ...BYTE_LEVEL, compression: false } as const
/** LevelDB writes out its last log, up to 4 MiB, when it opens; less space than this is full. */
const FREE_BYTES = 8 * 1024 * 1024
/** Enough to need a block of its own, whatever the file system keeps in its inodes. */
const PROBE_BYTES = 64 * 1024
/** Below and above every key of the store. */
const LOWEST = Uint8Array.of(0x00, 0x00)
const HIGHEST = Uint8Array.of(0xff)

/** Opens the home's data. @throws ERR_STORE_CORRUPT, ERR_STORE_OPEN */
export async function openNodeBackend(home: string, care: OpenCare): Promise<Backend> {
  const location = join(home, 'data')
  try {
    const isMended = await PREPARE[care](location)
    const level = new Level<Uint8Array, Uint8Array>(location, OPTIONS)
    await level.open()
    // LevelDB's repair compresses, which the next check of its tables could not read.
    if (care === 'repaired') await compact(level)
    return createLevelBackend(level, {
      isWritable: () => isWritable(home),
      compact: () => compact(level),
      isMended,
    })
  } catch (error) {
    throw openError(error)
  }
}

/** Each says whether something may be missing now. */
const PREPARE: Readonly<Record<OpenCare, (location: string) => Promise<boolean>>> = {
  'as-is': mend,
  repaired: repair,
  anew: setAside,
}

async function mend(location: string): Promise<boolean> {
  if (!(await hasManifest(location)))
    throw new KithError('ERR_STORE_CORRUPT', 'the store is damaged')
  const isMended = await mendTables(location)
  return isMended || !(await hasWholeLogs(location))
}

/** `repair` is classic-level's alone, so the types of `level`, which are for both, leave it out. */
async function repair(location: string): Promise<boolean> {
  const method: unknown = Reflect.get(Level, 'repair')
  if (typeof method !== 'function') throw new TypeError('level has no repair')
  await method.call(Level, location)
  return true
}

/** Not deleted: a person may still want to have a look at it. */
async function setAside(location: string): Promise<boolean> {
  await rename(location, `${location}.damaged-${randomUUID()}`)
  return true
}

/**
 * LevelDB leaves a file alone that no other overlaps, with the old versions in it. So twice over:
 * two deletions that span everything, and a compaction that has to merge them with all there is.
 */
async function compact(level: ByteLevel): Promise<void> {
  const method: unknown = Reflect.get(level, 'compactRange')
  if (typeof method !== 'function') throw new TypeError('level has no compactRange')
  for (let round = 0; round < 2; round++) {
    await level.batch(
      [LOWEST, HIGHEST].map((key) => ({ type: 'del', key })),
      { sync: true },
    )
    await method.call(level, LOWEST, HIGHEST, BYTE_LEVEL)
  }
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

/** What LevelDB says of files that a damaged MANIFEST names wrongly. */
const WRONG_NAME = /No such file|Not a directory|Is a directory|Invalid argument|name too long/i

function openError(error: unknown): KithError {
  if (isKithError(error)) return error
  if (isCorruption(error)) {
    return new KithError('ERR_STORE_CORRUPT', 'the store is damaged', { cause: error })
  }
  return new KithError('ERR_STORE_OPEN', 'the store cannot be opened', {
    cause: error,
    hint: 'Check that the disk has space and that the home belongs to this account.',
  })
}

function isCorruption(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  const code = 'code' in error ? error.code : undefined
  if (code === 'LEVEL_CORRUPTION') return true
  if (code === 'LEVEL_IO_ERROR') return WRONG_NAME.test(error.message)
  return isCorruption(error.cause)
}
