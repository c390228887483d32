/**
 * Where the socket of a device is (CLI-11). In its home, where the folder alone keeps others out;
 * only a home too deep for a socket address has it in a private folder elsewhere, and a file of the
 * home says where.
 */

import { createHash } from 'node:crypto'
import { chmod, lstat, mkdir, readFile, realpath, rm, writeFile } from 'node:fs/promises'
import { isAbsolute, join } from 'node:path'
import { CommandError } from '../errors.ts'

/** sun_path holds 104 bytes on macOS and 108 on Linux, its final zero included. */
const PATH_MAX_BYTES = 100
const SOCKET_FILE = 'kith.sock'
/** File of the home that names a socket elsewhere. */
const RECORD_FILE = 'socket'
const RECORD_MAX_BYTES = 1024

type Env = Readonly<Record<string, string | undefined>>

/** Decides the path for a device that starts, makes its folder and leaves word of it in the home. */
export async function prepareSocketPath(home: string, env: Env): Promise<string> {
  await mkdir(home, { recursive: true, mode: 0o700 })
  const record = join(home, RECORD_FILE)
  const inHome = join(home, SOCKET_FILE)
  if (fits(inHome)) {
    await rm(record, { force: true })
    return inHome
  }
  const path = join(await privateFolder(env), `${await nameOf(home)}.sock`)
  await rm(record, { force: true })
  await writeFile(record, `${path}\n`, { mode: 0o600, flag: 'wx' })
  return path
}

/** The path a command connects to; undefined when no device ever listened for this home. */
export async function findSocketPath(home: string): Promise<string | undefined> {
  const inHome = join(home, SOCKET_FILE)
  if (fits(inHome)) return inHome
  try {
    const recorded = (await readFile(join(home, RECORD_FILE), 'utf8')).trimEnd()
    return recorded.length <= RECORD_MAX_BYTES && isAbsolute(recorded) ? recorded : undefined
  } catch {
    return undefined
  }
}

/**
 * Whether a socket lies at `path`. One of another account than `account`, a number of the computer,
 * could be there to wait for somebody's texts.
 *
 * @throws ERR_SOCKET_OWNER
 */
export async function isOwnSocket(path: string, account: number = uid()): Promise<boolean> {
  const found = await lstat(path).catch(() => undefined)
  if (found === undefined || !found.isSocket()) return false
  if (found.uid === account) return true
  throw CommandError.of('ERR_SOCKET_OWNER', 'The device is of another account of this computer.')
}

/** `kith-<uid>` in the first base whose path is short enough, usable by this account only. */
async function privateFolder(env: Env): Promise<string> {
  const bases = [env['XDG_RUNTIME_DIR'], env['TMPDIR'], '/tmp']
  for (const base of bases) {
    if (base === undefined || !isAbsolute(base)) continue
    const folder = join(base, `kith-${uid()}`)
    if (fits(join(folder, `${'0'.repeat(NAME_LENGTH)}.sock`)) && (await makePrivate(folder))) {
      return folder
    }
  }
  throw CommandError.of(
    'ERR_FAILED',
    'No private folder with a path short enough for the local socket.',
    'Choose a shorter path with: kith up --home DIR',
  )
}

/** Makes the folder; false when another account has put something in its place. */
async function makePrivate(folder: string): Promise<boolean> {
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 })
    const found = await lstat(folder)
    if (!found.isDirectory() || found.uid !== uid()) return false
    await chmod(folder, 0o700)
    return true
  } catch {
    return false
  }
}

/** Hexadecimal characters of a hash: enough that two homes of one account never meet. */
const NAME_LENGTH = 24

async function nameOf(home: string): Promise<string> {
  return createHash('sha256')
    .update(await realpath(home))
    .digest('hex')
    .slice(0, NAME_LENGTH)
}

function fits(path: string): boolean {
  return new TextEncoder().encode(path).length <= PATH_MAX_BYTES
}

/** −1 where the system has no such numbers (Windows). */
function uid(): number {
  return process.getuid?.() ?? -1
}
