/** Small secrets in files of their own: whole, private, and checked, since a changed key is no key. */

import { createHash, randomUUID } from 'node:crypto'
import { chmod, link, mkdir, open, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { equalBytes, joinBytes, KithError, type MaybePromise } from '@kithmesh/protocol'

const CHECK_BYTES = 32
const FILE_NAME = /^[a-z0-9][a-z0-9.-]{0,63}$/
/** Far above every secret kept so; a larger file is not one of ours. */
const MAX_BYTES = 64 * 1024

/** Makes the home, for its owner alone. @throws ERR_STORE_OPEN */
export async function ensureHome(home: string): Promise<void> {
  try {
    await mkdir(home, { recursive: true, mode: 0o700 })
    await chmod(home, 0o700)
  } catch (cause) {
    throw new KithError('ERR_STORE_OPEN', 'the home cannot be made', {
      cause,
      hint: 'Choose a folder that this account may write to.',
    })
  }
}

/** The file `name` of the home; `create` makes it the first time. @throws ERR_STORE_CORRUPT */
export async function loadOrCreateFile(
  home: string,
  name: string,
  create: () => MaybePromise<Uint8Array>,
): Promise<Uint8Array> {
  checkFileName(name)
  await ensureHome(home)
  const kept = await readFileOf(home, name)
  if (kept !== undefined) return kept
  await createFile(home, name, await create())
  const written = await readFileOf(home, name)
  if (written === undefined) throw corrupt(name)
  return written
}

/** @throws ERR_MALFORMED */
export function checkFileName(name: string): void {
  if (!FILE_NAME.test(name)) throw new KithError('ERR_MALFORMED', 'not a name for a secret')
}

/** What the file `name` holds; undefined when there is none. @throws ERR_STORE_CORRUPT */
export async function readFileOf(home: string, name: string): Promise<Uint8Array | undefined> {
  const file = await readFile(join(home, name)).catch((error: unknown) => {
    if (isCode(error, 'ENOENT')) return undefined
    throw error
  })
  if (file === undefined) return undefined
  const end = file.length - CHECK_BYTES
  if (end < 0 || file.length > MAX_BYTES) throw corrupt(name)
  const bytes = Uint8Array.from(file.subarray(0, end))
  if (!equalBytes(checkOf(name, bytes), file.subarray(end))) throw corrupt(name)
  return bytes
}

/** Whole or not at all, and never over another: of two that create, both then read the first. */
async function createFile(home: string, name: string, bytes: Uint8Array): Promise<void> {
  const path = await writeCandidate(home, name, bytes)
  try {
    await link(path, join(home, name))
    await syncFolder(home)
  } catch (error) {
    if (!isCode(error, 'EEXIST')) throw error
  } finally {
    await rm(path, { force: true })
  }
}

/** A file beside, on the disk, to be linked or renamed to `name`; its path. */
export async function writeCandidate(
  home: string,
  name: string,
  bytes: Uint8Array,
): Promise<string> {
  const path = join(home, `${name}-${randomUUID()}.new`)
  const file = await open(path, 'wx', 0o600)
  try {
    await file.writeFile(joinBytes(bytes, checkOf(name, bytes)))
    await file.sync()
  } finally {
    await file.close()
  }
  return path
}

/** The name of a new file is on the disk only with its folder. Windows does so by itself. */
export async function syncFolder(home: string): Promise<void> {
  if (process.platform === 'win32') return
  const folder = await open(home, 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}

/** Against rot and mixed-up files only: whoever can write the file can write its check. */
function checkOf(name: string, bytes: Uint8Array): Uint8Array {
  return createHash('sha256').update(`kith/v1/secret file\0${name}\0`).update(bytes).digest()
}

export function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code
}

export function corrupt(name: string): KithError {
  return new KithError('ERR_STORE_CORRUPT', `the file ${name} of the home is damaged`, {
    hint: 'Restore it from a backup, or link this device anew in another home.',
  })
}
