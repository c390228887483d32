import { access, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { plainSecrets, scrubFile } from '../lock/home-files.node.ts'
import { isCode } from './secret-file.node.ts'

const IDENTITY_FILES = ['identity.key', 'identity.key.sealed']
/** Secrets under the home key, and what a cut left of replacing one. */
const SCRUBBED = /\.(sealed|spent|new)$/
/** What else a device writes; whatever another program put beside it stays. */
const OURS = /^(data|data\.damaged-.*|anchor|lock)$/

/** Whether a device lives in this folder. */
export async function hasNodeHome(home: string): Promise<boolean> {
  const found = await Promise.all(IDENTITY_FILES.map((name) => exists(join(home, name))))
  return found.includes(true)
}

/** Takes a device off the disk, its keys first: without them the rest is noise (STO-45). */
export async function eraseNodeHome(home: string): Promise<void> {
  const names = await namesIn(home)
  if (names.length === 0) return
  const secrets = await plainSecrets(home, (name) => SCRUBBED.test(name))
  const scrubbed = new Set([...secrets, ...names.filter((name) => SCRUBBED.test(name))])
  for (const name of scrubbed) await scrubFile(join(home, name))
  for (const name of names.filter((one) => OURS.test(one))) {
    await rm(join(home, name), { recursive: true, force: true })
  }
}

async function namesIn(home: string): Promise<readonly string[]> {
  try {
    return await readdir(home)
  } catch (error) {
    if (isCode(error, 'ENOENT')) return []
    throw error
  }
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}
