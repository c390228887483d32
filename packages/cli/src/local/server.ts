/**
 * The local socket of a running device: it takes connections, reads one call from each, and ends
 * them all when the device stops. What the calls do is not known here.
 */

import { once } from 'node:events'
import { rm } from 'node:fs/promises'
import { createConnection, createServer, type Server, type Socket } from 'node:net'
import { CommandError } from '../errors.ts'
import { endConnection, type Perform, serveConnection, writeAnswer } from './connection.ts'
import { LOCAL_LIMITS, type LocalLimits } from './local-limits.ts'

/** Where a device listens, and what it does with a call. */
export interface LocalServerOptions {
  readonly path: string
  readonly perform: Perform
  readonly limits?: Partial<LocalLimits>
}

/** The open socket of a running device. */
export interface LocalServer {
  /** Ends every call but `except` with this error; the socket stays. */
  interrupt(error: Error, options: { readonly except: string }): void
  /** Takes no more calls, takes the socket away and ends every call but `stop`. */
  refuse(): void
  /** Resolves when every connection has had its last line, or has been cut off. */
  close(): Promise<void>
}

/**
 * Listens on a unix socket of mode 0600. A socket left by a killed device is replaced; one that
 * answers is left alone.
 *
 * @throws ERR_HOME_IN_USE
 */
export async function openLocalServer(options: LocalServerOptions): Promise<LocalServer> {
  const limits = { ...LOCAL_LIMITS, ...options.limits }
  const open = new Map<Socket, Call>()
  const server = createServer((socket) => {
    // A command that is killed resets its connection; that is no concern of the device.
    socket.on('error', () => socket.destroy())
    if (open.size >= limits.connections) return turnAway(socket, limits.requestMs)
    const call: Call = { name: '', ended: new AbortController() }
    open.set(socket, call)
    socket.once('close', () => open.delete(socket))
    void serveConnection(socket, {
      perform: options.perform,
      limits,
      ended: call.ended.signal,
      named: (name) => {
        call.name = name
      },
    })
  })
  await listen(server, options.path)
  return {
    interrupt: (error, { except }) => {
      for (const { name, ended } of open.values()) if (name !== except) ended.abort(error)
    },
    refuse: () => {
      server.close()
      for (const { name, ended } of open.values()) if (name !== 'stop') ended.abort(stopped())
    },
    close: () => closeAll([...open.keys()], limits.closeMs),
  }
}

interface Call {
  name: string
  readonly ended: AbortController
}

async function listen(server: Server, path: string): Promise<void> {
  try {
    await listenPrivately(server, path)
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EADDRINUSE')) throw error
    if (await answers(path)) {
      throw CommandError.of('ERR_HOME_IN_USE', 'Another process runs the device of this home.')
    }
    await rm(path, { force: true })
    await listenPrivately(server, path)
  }
}

/** The socket never exists with another mode: `listen` binds a path before it returns. */
async function listenPrivately(server: Server, path: string): Promise<void> {
  const before = process.umask(0o177)
  try {
    server.listen(path)
  } finally {
    process.umask(before)
  }
  await once(server, 'listening')
}

/** Whether a process listens at `path`; a socket file outlives a process that was killed. */
async function answers(path: string): Promise<boolean> {
  const socket = createConnection(path)
  try {
    await once(socket, 'connect')
    return true
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}

function turnAway(socket: Socket, withinMs: number): void {
  const busy = CommandError.of('ERR_LOCAL_BUSY', 'Too many commands run at the same time.')
  void writeAnswer(socket, { error: { code: busy.code, message: busy.message, hint: null } })
  endConnection(socket, withinMs)
}

async function closeAll(sockets: readonly Socket[], closeMs: number): Promise<void> {
  const closed = sockets.map((socket) =>
    socket.closed ? undefined : new Promise((resolve) => socket.once('close', resolve)),
  )
  const cut = setTimeout(() => {
    for (const socket of sockets) socket.destroy()
  }, closeMs)
  await Promise.all(closed)
  clearTimeout(cut)
}

function stopped(): CommandError {
  return CommandError.of('ERR_NOT_RUNNING', 'The device has stopped.')
}
