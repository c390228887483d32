/** Files of a home put in the place of others, and old ones taken off the disk as far as that goes (LOCK-5). */

import { randomBytes } from 'node:crypto'
import { link, open, readdir, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { isKithError } from '@kithmesh/protocol'
import { isCode, readFileOf, syncFolder, writeCandidate } from '../store/secret-file.node.ts'

/** Told after each step that touches the disk; a test ends there as a power cut would. */
export type AfterStep = (step: string) => Promise<void> | void

/** Where files are replaced. */
export interface HomeFiles {
  readonly home: string
  readonly afterStep: AfterStep
}

/** What was replaced waits under this ending for its bytes to be overwritten. */
const SPENT = '.spent'
const CANDIDATE = /-[0-9a-f-]{36}\.new$/

/**
 * Puts `bytes` in the place of the file `name`: at any moment the home holds the old file or the
 * new one, whole. The bytes of the old one are then overwritten.
 */
export async function replaceFile(
  { home, afterStep }: HomeFiles,
  name: string,
  bytes: Uint8Array,
): Promise<void> {
  const [path, spent] = [join(home, name), join(home, `${name}${SPENT}`)]
  const candidate = await writeCandidate(home, name, bytes)
  await afterStep('written')
  const isFirst = await linkSpent(path, spent)
  await afterStep('linked')
  await rename(candidate, path)
  await syncFolder(home)
  await afterStep('replaced')
  if (!isFirst) await scrubFile(spent)
  await afterStep('scrubbed')
}

/** Keeps a name for the old bytes, so that a cut before they are overwritten leaves them findable. */
async function linkSpent(path: string, spent: string): Promise<boolean> {
  await removeSpent(path, spent)
  try {
    await link(path, spent)
    return false
  } catch (error) {
    if (isCode(error, 'ENOENT')) return true
    throw error
  }
}

/** Finishes what a cut left undone. Only while nobody else writes in the home. */
export async function tidyHome({ home }: HomeFiles): Promise<void> {
  for (const name of await readdir(home)) {
    const path = join(home, name)
    if (CANDIDATE.test(name)) await scrubFile(path)
    else if (name.endsWith(SPENT)) await removeSpent(path.slice(0, -SPENT.length), path)
  }
}

/** Overwrites what a file held before another took its place; a second name of the same file just goes. */
async function removeSpent(path: string, spent: string): Promise<void> {
  const [current, old] = await Promise.all([inodeOf(path), inodeOf(spent)])
  if (old === undefined) return
  if (old === current) await rm(spent, { force: true })
  else await scrubFile(spent)
}

async function inodeOf(path: string): Promise<bigint | undefined> {
  try {
    return (await stat(path, { bigint: true })).ino
  } catch (error) {
    if (isCode(error, 'ENOENT')) return undefined
    throw error
  }
}

/** Overwrites a file and removes it. A disk that writes elsewhere keeps the old blocks (STO-24). */
export async function scrubFile(path: string): Promise<void> {
  const file = await open(path, 'r+')
  try {
    const { size } = await file.stat()
    await file.write(randomBytes(size), 0, size, 0)
    await file.sync()
  } finally {
    await file.close()
  }
  await rm(path, { force: true })
}

/** Names of the files of a home that carry the check of a secret (STO-26) and are not sealed. */
export async function plainSecrets(
  home: string,
  isOther: (name: string) => boolean,
): Promise<readonly string[]> {
  const entries = await readdir(home, { withFileTypes: true })
  const names = entries.filter((entry) => entry.isFile()).map(({ name }) => name)
  const found = await Promise.all(
    names.map(async (name) => !isOther(name) && (await isSecret(home, name))),
  )
  return names.filter((_, at) => found[at])
}

async function isSecret(home: string, name: string): Promise<boolean> {
  try {
    return (await readFileOf(home, name)) !== undefined
  } catch (error) {
    if (isKithError(error, 'ERR_STORE_CORRUPT')) return false
    throw error
  }
}
