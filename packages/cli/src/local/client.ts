/** How a command asks the running device (CLI-11 to CLI-16). */

import { once } from 'node:events'
import { createConnection, type Socket } from 'node:net'
import { CommandError } from '../errors.ts'
import type { AnswerEvent } from '../events.ts'
import {
  type Answer,
  answerShape,
  type CallInput,
  type CallName,
  LOCAL_LIMITS,
  LOCAL_VERSION,
  type Seen,
} from './calls.ts'
import { jsonOf, readLines } from './lines.ts'
import { findSocketPath, isOwnSocket } from './socket-path.ts'

/** A call and what the command does with its answers. */
export interface DeviceCall<N extends CallName> {
  readonly home: string
  readonly call: N
  readonly input: CallInput<N>
  onEvent(event: AnswerEvent): void
  /** Asks the person; needed for calls that ask. */
  confirm?(seen: Seen): Promise<boolean>
}

/**
 * Asks the running device of a home and resolves when it has answered all.
 *
 * @throws ERR_NOT_RUNNING, ERR_SOCKET_OWNER, ERR_INTERRUPTED, and every error the device answers with
 */
export async function callDevice<N extends CallName>(
  asked: DeviceCall<N>,
  { signal }: { readonly signal: AbortSignal },
): Promise<void> {
  signal.throwIfAborted()
  const socket = await connect(asked.home)
  const abort = (): void => {
    socket.destroy()
  }
  signal.addEventListener('abort', abort, { once: true })
  try {
    writeLine(socket, { kith: LOCAL_VERSION, call: asked.call, input: asked.input })
    await readAnswers(socket, asked)
  } catch (error) {
    signal.throwIfAborted()
    throw error
  } finally {
    signal.removeEventListener('abort', abort)
    socket.destroy()
  }
}

async function connect(home: string): Promise<Socket> {
  const path = await findSocketPath(home)
  if (path === undefined || !(await isOwnSocket(path))) throw notRunning()
  const socket = createConnection(path)
  try {
    await once(socket, 'connect')
  } catch {
    throw notRunning()
  }
  return socket
}

async function readAnswers<N extends CallName>(
  socket: Socket,
  asked: DeviceCall<N>,
): Promise<void> {
  const lines = readLines(arriving(socket), { maxBytes: LOCAL_LIMITS.answerBytes })
  for await (const line of lines) {
    const answer = answerShape.parse(jsonOf(line))
    if (answer.end === true) return
    await takeAnswer(answer, socket, asked)
  }
  throw gone()
}

async function takeAnswer<N extends CallName>(
  { event, confirm, error }: Answer,
  socket: Socket,
  asked: DeviceCall<N>,
): Promise<void> {
  if (error !== undefined) {
    const { code, message, hint } = error
    throw CommandError.from({ code, message, ...(typeof hint === 'string' ? { hint } : {}) })
  }
  if (event !== undefined) asked.onEvent(event)
  if (confirm !== undefined) {
    writeLine(socket, { confirmed: (await asked.confirm?.(confirm)) === true })
  }
}

/** The bytes of the device; a connection that breaks is a device that has gone. */
async function* arriving(socket: Socket): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    yield* socket
  } catch {
    throw gone()
  }
}

function writeLine(socket: Socket, line: Readonly<Record<string, unknown>>): void {
  // An error here shows on the reading side, which every call waits for.
  socket.on('error', () => undefined)
  socket.write(`${JSON.stringify(line)}\n`)
}

function notRunning(): CommandError {
  return CommandError.of('ERR_NOT_RUNNING', 'No device runs for this home.')
}

function gone(): CommandError {
  return CommandError.of('ERR_NOT_RUNNING', 'The device ended before it had answered.')
}
