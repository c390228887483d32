import { createHash } from 'node:crypto'
import { unlink } from 'node:fs/promises'
import type { Server } from 'node:http'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { RelayError, reasonOf, systemCodeOf } from '../errors.ts'

/**
 * A home is held by whoever listens on its socket. Unlike a file with a process id in it, the
 * socket cannot be answered by the dead, and it is where `kith-relay status` asks.
 */
export interface HomeClaim {
  release(): Promise<void>
}

/** Longest path of a Unix socket on macOS and the BSDs; Linux has 107. */
const MAX_SOCKET_PATH = 103

/** The socket of a home; on Windows a named pipe. */
export function socketPathOf(home: string): string {
  const folder = resolve(home)
  const name = `kith-relay-${createHash('sha256').update(folder).digest('hex').slice(0, 24)}`
  if (process.platform === 'win32') return `\\\\.\\pipe\\${name}`
  const path = join(folder, 'relay.sock')
  return Buffer.byteLength(path) <= MAX_SOCKET_PATH ? path : join(tmpdir(), `${name}.sock`)
}

/** Holds a home for this process and answers on its socket. @throws ERR_HOME_HELD, ERR_HOME_UNUSABLE */
export async function claimHome(home: string, server: Server): Promise<HomeClaim> {
  const path = socketPathOf(home)
  const claimed = (await tryListen(server, path)) || (await retakeListen(server, path))
  if (claimed) return { release: () => closeServer(server) }
  throw new RelayError('ERR_HOME_HELD', `Another relay runs on ${home}`, {
    hint: 'Ask it with "kith-relay status", or give this one its own folder with --home.',
  })
}

/** After a crash the socket is still there, but nobody answers: it may be taken. */
async function retakeListen(server: Server, path: string): Promise<boolean> {
  if (await isAnswered(path)) return false
  await unlink(path).catch(() => {})
  return tryListen(server, path)
}

async function tryListen(server: Server, path: string): Promise<boolean> {
  const { promise, resolve: listening, reject } = Promise.withResolvers<void>()
  server.once('error', reject)
  server.listen(path, listening)
  try {
    await promise
    return true
  } catch (error) {
    if (systemCodeOf(error) === 'EADDRINUSE') return false
    throw new RelayError('ERR_HOME_UNUSABLE', `Cannot claim ${path}: ${reasonOf(error)}`, {
      cause: error,
    })
  } finally {
    server.off('error', reject)
  }
}

function isAnswered(path: string): Promise<boolean> {
  const { promise, resolve: answered } = Promise.withResolvers<boolean>()
  const socket = connect(path)
  socket.once('connect', () => answered(true))
  // Refused and missing are nobody; anything else (no permission, full backlog) is somebody.
  socket.once('error', (error) => answered(!NOBODY.has(systemCodeOf(error) ?? '')))
  return promise.finally(() => socket.destroy())
}

const NOBODY: ReadonlySet<string> = new Set(['ECONNREFUSED', 'ENOENT'])

/** Closes a server and what is still open of it. */
export function closeServer(server: Server): Promise<void> {
  const { promise, resolve: closed } = Promise.withResolvers<void>()
  server.close(() => closed())
  server.closeAllConnections()
  return promise
}
