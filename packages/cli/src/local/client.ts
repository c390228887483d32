/** How a command asks the running device (CLI-11 to CLI-16). */

import { once } from 'node:events'
import { createConnection, type Socket } from 'node:net'
import { CommandError } from '../errors.ts'
import type { AnswerEvent } from '../events.ts'
import type { CallInput, CallName } from './calls.ts'
import { jsonOf, readLines } from './lines.ts'
import { LOCAL_LIMITS } from './local-limits.ts'
import {
  type Answer,
  answerShape,
  type LinkAnswer,
  LOCAL_VERSION,
  type Seen,
} from './local-protocol.ts'
import { findSocketPath, isOwnSocket } from './socket-path.ts'

/** A call and what the command does with its answers. */
export interface DeviceCall<N extends CallName> {
  readonly home: string
  readonly call: N
  readonly input: CallInput<N>
  onEvent(event: AnswerEvent): void
  /** Asks the person; needed for calls that ask. The signal aborts when the question is withdrawn. */
  confirm?(seen: Seen, options: { readonly signal: AbortSignal }): Promise<LinkAnswer>
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
  const asking = createAsking(socket, asked)
  try {
    for await (const line of lines) {
      const answer = answerShape.parse(jsonOf(line))
      if (answer.end === true) return
      takeAnswer(answer, asking, asked)
    }
    throw asking.failure() ?? gone()
  } finally {
    asking.withdraw()
  }
}

function takeAnswer<N extends CallName>(
  { event, confirm, withdrawn, error }: Answer,
  asking: Asking,
  asked: DeviceCall<N>,
): void {
  if (error !== undefined) {
    const { code, message, hint } = error
    throw CommandError.from({ code, message, ...(typeof hint === 'string' ? { hint } : {}) })
  }
  if (event !== undefined) asked.onEvent(event)
  if (withdrawn === true) asking.withdraw()
  if (confirm !== undefined) void asking.ask(confirm)
}

/** The question a person is asked, while the device goes on telling. */
interface Asking {
  ask(seen: Seen): Promise<void>
  withdraw(): void
  /** Why the person could not be asked. */
  failure(): unknown
}

/** Each question gets one answer, a withdrawn one too: the device counts them. */
function createAsking<N extends CallName>(socket: Socket, asked: DeviceCall<N>): Asking {
  let question = new AbortController()
  let failure: unknown
  return {
    ask: async (seen) => {
      const { signal } = question
      try {
        const answer = await asked.confirm?.(seen, { signal })
        const differ = answer === 'differ' ? { differ: true } : {}
        writeLine(socket, { confirmed: answer === true, ...differ })
      } catch (error) {
        if (signal.aborted) return writeLine(socket, { confirmed: false })
        failure = error
        socket.destroy()
      }
    },
    withdraw: () => {
      question.abort()
      question = new AbortController()
    },
    failure: () => failure,
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
  if (socket.destroyed) return
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
