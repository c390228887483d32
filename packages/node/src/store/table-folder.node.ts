import { randomUUID } from 'node:crypto'
import { open, readdir, readFile, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { checkTable } from './table-file.ts'

const TABLE_NAME = /\.(ldb|sst)$/

/**
 * Takes damaged blocks out of a folder of LevelDB before it is opened; a file whose index is damaged
 * is set aside. What is lost so, the store's own count notices (STO-30).
 */
export async function mendTables(folder: string): Promise<void> {
  const names = await readdir(folder).catch(() => [])
  for (const name of names.filter((one) => TABLE_NAME.test(one))) {
    await mendTable(join(folder, name))
  }
}

async function mendTable(path: string): Promise<void> {
  const check = checkTable(await readFile(path))
  if (check.kind === 'lost') await rename(path, `${path}.damaged-${randomUUID()}`)
  if (check.kind === 'mended') await replaceFile(path, check.bytes)
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
