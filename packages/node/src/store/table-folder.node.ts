import { randomUUID } from 'node:crypto'
import { open, readdir, readFile, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { isLogWhole } from './log-file.ts'
import { checkTable } from './table-file.ts'

const LOG_NAME = /\.log$|^MANIFEST-/
const TABLE_NAME = /\.(ldb|sst)$/

const MANIFEST_LINE = /^(MANIFEST-\d+)\n$/

/**
 * False if the folder's CURRENT does not name a manifest that is there. LevelDB would open whatever
 * it names, and its message ends at the first NUL of that name: nothing to tell the fault by.
 */
export async function hasManifest(folder: string): Promise<boolean> {
  const current = await readFile(join(folder, 'CURRENT'), 'latin1').catch(() => undefined)
  // A folder without CURRENT is a new one, or what a lost CURRENT leaves: then LevelDB says so.
  if (current === undefined) return true
  const manifest = MANIFEST_LINE.exec(current)?.[1]
  return manifest !== undefined && (await readdir(folder)).includes(manifest)
}

/** Whether LevelDB will read every record of its logs, and pass over none. */
export async function hasWholeLogs(folder: string): Promise<boolean> {
  const names = await readdir(folder).catch(() => [])
  for (const name of names.filter((one) => LOG_NAME.test(one))) {
    if (!isLogWhole(await readFile(join(folder, name)))) return false
  }
  return true
}

/**
 * Takes damaged blocks out of a folder of LevelDB before it is opened; a file whose index is damaged
 * is set aside. What is lost so, the store's own count notices (STO-30). Says whether there was any.
 */
export async function mendTables(folder: string): Promise<boolean> {
  const names = await readdir(folder).catch(() => [])
  let isMended = false
  for (const name of names.filter((one) => TABLE_NAME.test(one))) {
    if (await mendTable(join(folder, name))) isMended = true
  }
  return isMended
}

async function mendTable(path: string): Promise<boolean> {
  const check = checkTable(await readFile(path))
  if (check.kind === 'lost') await rename(path, `${path}.damaged-${randomUUID()}`)
  if (check.kind === 'mended') await replaceFile(path, check.bytes)
  return check.kind !== 'whole'
}

async function replaceFile(path: string, bytes: Uint8Array): Promise<void> {
  const fresh = `${path}.new-${randomUUID()}`
  const file = await open(fresh, 'wx', 0o600)
  try {
    await file.writeFile(bytes)
    await file.sync()
  } finally {
    await file.close()
  }
  await rename(fresh, path)
}
