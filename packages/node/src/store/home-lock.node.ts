/**
 * One process has a home at a time (STO-12). LevelDB's own lock does not do: a failed second open in
 * the same process lets it go (facts.md, storage). This one is a listening Unix socket in the home's folder `lock`:
 * the kernel ends it with the process, however that ends, and nobody else can.
 *
 * Sockets leave their file behind, so files are numbered. The highest number counts; whoever finds
 * its socket dead links the next number, and only one can. The highest file is never deleted, so the
 * numbers never go back, and a slow rival that links a number already passed sees so and retreats.
 */

import { createHash, randomUUID } from 'node:crypto'
import {
  type FileHandle,
  link,
  mkdir,
  open,
  readdir,
  rename,
  rm,
  writeFile,
} from 'node:fs/promises'
import { connect, createServer, type Server } from 'node:net'
import { join, resolve } from 'node:path'
import { KithError } from '@kithmesh/protocol'
import type { HomeLock } from '../platform.ts'

/** Longest path of a Unix socket, in bytes, on every system (sun_path is 104 on BSD and macOS). */
const MAX_SOCKET_PATH = 103
/** Rounds before a crowd of openers gives up; each lost round means that somebody else won one. */
const MAX_ROUNDS = 32
const LOCK_FILE = /^[1-9]\d{0,14}$/

/** Takes an existing folder for this process. @throws ERR_HOME_IN_USE, ERR_STORE_OPEN */
export async function lockHome(home: string): Promise<HomeLock> {
  return process.platform === 'win32' ? lockByPipe(home) : lockBySocket(home)
}

/** A named pipe of Windows has one first instance and ends with its process; it needs no file. */
async function lockByPipe(home: string): Promise<HomeLock> {
  const name = createHash('sha256').update(resolve(home).toLowerCase()).digest('hex')
  const server = await listen(`\\\\.\\pipe\\kith-${name}`)
  return { release: () => closed(server) }
}

async function lockBySocket(home: string): Promise<HomeLock> {
  const path = join(home, 'lock')
  await mkdir(path, { recursive: true, mode: 0o700 }).catch((cause: unknown) => {
    throw cannotLock(cause)
  })
  const handle = await open(path, 'r')
  try {
    return await lockFolder({ path, handle })
  } finally {
    await handle.close()
  }
}

async function lockFolder(folder: Folder): Promise<HomeLock> {
  const candidate = randomUUID()
  const server = await listen(socketPath(folder, candidate))
  try {
    const number = await claim(folder, candidate)
    await removeOlder(folder.path, number)
    return { release: () => release(server, join(folder.path, `${number}`)) }
  } catch (error) {
    await closed(server)
    throw error
  } finally {
    await rm(join(folder.path, candidate), { force: true })
  }
}

interface Folder {
  readonly path: string
  readonly handle: FileHandle
}

/** Leaves the number, but as a plain file: a home at rest can be copied, which sockets cannot. */
async function release(server: Server, file: string): Promise<void> {
  const plain = `${file}-${randomUUID()}`
  try {
    await writeFile(plain, '')
    await rename(plain, file)
  } catch {
    // The disk is full or gone: the dead socket says the same.
  } finally {
    await closed(server)
  }
}

async function claim(folder: Folder, candidate: string): Promise<number> {
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const latest = await latestNumber(folder.path)
    if (latest > 0 && (await isHeld(socketPath(folder, `${latest}`)))) throw inUse()
    if (!(await linked(folder.path, candidate, latest + 1))) continue
    if ((await latestNumber(folder.path)) === latest + 1) return latest + 1
    await rm(join(folder.path, `${latest + 1}`), { force: true })
  }
  throw inUse()
}

async function latestNumber(path: string): Promise<number> {
  const numbers = (await readdir(path)).filter((name) => LOCK_FILE.test(name)).map(Number)
  return Math.max(0, ...numbers)
}

/** The socket already listens when its number appears: nobody finds it dead before it lives. */
async function linked(path: string, candidate: string, number: number): Promise<boolean> {
  try {
    await link(join(path, candidate), join(path, `${number}`))
    return true
  } catch (cause) {
    // ENOENT: a winner has already tidied our candidate away; the next round meets the winner.
    if (isCode(cause, 'EEXIST') || isCode(cause, 'ENOENT')) return false
    throw cannotLock(cause)
  }
}

/** The kernel answers for a holder that is stopped or busy; only a dead one's socket refuses. */
function isHeld(path: string): Promise<boolean> {
  return new Promise((settle) => {
    const socket = connect(path)
    socket.once('connect', () => {
      socket.destroy()
      settle(true)
    })
    socket.once('error', (error) => {
      settle(!isCode(error, 'ECONNREFUSED') && !isCode(error, 'ENOENT'))
    })
  })
}

/** Keeps the number before ours too: a rival in the middle of its listing must miss neither. */
async function removeOlder(path: string, number: number): Promise<void> {
  const old = (await readdir(path)).filter(
    (name) => !LOCK_FILE.test(name) || Number(name) < number - 1,
  )
  await Promise.all(old.map((name) => rm(join(path, name), { force: true })))
}

function listen(path: string): Promise<Server> {
  const server = createServer((socket) => socket.destroy())
  return new Promise((settle, refuse) => {
    server.once('error', (cause) => {
      refuse(isCode(cause, 'EADDRINUSE') ? inUse() : cannotLock(cause))
    })
    server.listen({ path, exclusive: true }, () => settle(server.unref()))
  })
}

function closed(server: Server): Promise<void> {
  return new Promise((settle) => server.close(() => settle()))
}

/** A path that fits: Linux reaches a file in a folder with a long name through the folder's handle. */
function socketPath({ path, handle }: Folder, name: string): string {
  const whole = join(path, name)
  if (Buffer.byteLength(whole) <= MAX_SOCKET_PATH) return whole
  if (process.platform === 'linux') return `/proc/self/fd/${handle.fd}/${name}`
  throw new KithError('ERR_STORE_OPEN', 'the path of the home is too long', {
    hint: 'Choose a folder with a shorter path.',
  })
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code
}

function inUse(): KithError {
  return new KithError('ERR_HOME_IN_USE', 'this home is already in use', {
    hint: 'Another process runs on it: stop that one, or choose another home.',
  })
}

function cannotLock(cause: unknown): KithError {
  return new KithError('ERR_STORE_OPEN', 'the home cannot be locked', {
    cause,
    hint: 'The folder must lie on a local disk that this account may write to.',
  })
}
