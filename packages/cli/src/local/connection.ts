/** One connection of a command: a request, its answers, an end (CLI-12 to CLI-16). */

import { once } from 'node:events'
import type { Socket } from 'node:net'
import { untilAborted } from '../aborted.ts'
import { CommandError, type Failure, failureOf } from '../errors.ts'
import type { AnswerEvent } from '../events.ts'
import { jsonOf, readLines } from './lines.ts'
import {
  type Answer,
  confirmedShape,
  type LinkAnswer,
  LOCAL_VERSION,
  type Request,
  requestShape,
  type Seen,
} from './local-protocol.ts'

/** What a call may do besides its work. */
export interface CallContext {
  /** Aborts when the command has gone or the device stops. */
  readonly signal: AbortSignal
  /** Resolves when the command has taken it in; slow readers slow the call. */
  emit(event: AnswerEvent): Promise<void>
  /** Asks the person at the command; the question is withdrawn when the signal aborts. */
  confirm(seen: Seen, options: { readonly signal: AbortSignal }): Promise<LinkAnswer>
}

/** Does a call. @throws any error, which is then the answer */
export type Perform = (name: string, input: unknown, call: CallContext) => Promise<void>

/** What a connection is given by the socket it came over. */
export interface ConnectionOptions {
  readonly perform: Perform
  readonly limits: { readonly requestBytes: number; readonly requestMs: number }
  /** Aborts when the device stops, with the error the command is told. */
  readonly ended: AbortSignal
  /** Told the name of the call once it is read. */
  named(name: string): void
}

/** Serves one connection to its end. Never rejects. */
export async function serveConnection(socket: Socket, options: ConnectionOptions): Promise<void> {
  // Kept open past a refused line, so that the refusal can still be told.
  const bytes = socket.iterator({ destroyOnReturn: false })
  const lines = readLines(bytes, { maxBytes: options.limits.requestBytes })
  try {
    const request = await firstRequest(lines, socket, options.limits.requestMs)
    options.named(request.call)
    await answerCall(socket, { request, lines, options })
    await writeAnswer(socket, { end: true })
  } catch (error) {
    await writeAnswer(socket, { error: errorAnswer(failureOf(error)) })
  }
  endConnection(socket, options.limits.requestMs)
}

/** Ends a connection; what the command still sends is thrown away, and not for long. */
export function endConnection(socket: Socket, withinMs: number): void {
  const cut = setTimeout(() => socket.destroy(), withinMs)
  socket.once('close', () => clearTimeout(cut))
  socket.end()
  socket.resume()
}

type Lines = AsyncGenerator<string, void, undefined>

async function firstRequest(lines: Lines, socket: Socket, requestMs: number): Promise<Request> {
  const late = setTimeout(() => {
    socket.destroy(CommandError.of('ERR_TIMEOUT', 'No request came.'))
  }, requestMs)
  try {
    const first = await lines.next()
    if (first.done === true) throw malformed('The connection ended before its request.')
    return checkVersion(jsonOf(first.value))
  } finally {
    clearTimeout(late)
  }
}

/** The version is read before the rest, so that a newer command is told to match it. */
function checkVersion(value: unknown): Request {
  const spoken = typeof value === 'object' && value !== null && 'kith' in value && value.kith
  if (typeof spoken === 'number' && spoken !== LOCAL_VERSION) {
    throw CommandError.of(
      'ERR_LOCAL_VERSION',
      `The running device speaks version ${LOCAL_VERSION} of the local protocol, this command another.`,
    )
  }
  return requestShape.parse(value)
}

interface Asked {
  readonly request: Request
  readonly lines: Lines
  readonly options: ConnectionOptions
}

async function answerCall(socket: Socket, { request, lines, options }: Asked): Promise<void> {
  const gone = new AbortController()
  const signal = AbortSignal.any([gone.signal, options.ended])
  const person = awaitPerson(lines, gone)
  const call: CallContext = {
    signal,
    emit: (event) => writeAnswer(socket, { event }),
    confirm: async (seen, question) => {
      const answer = person.next()
      const withdraw = (): void => {
        person.withdraw()
        void writeAnswer(socket, { withdrawn: true })
      }
      await writeAnswer(socket, { confirm: seen })
      question.signal.addEventListener('abort', withdraw, { once: true })
      return untilAborted(answer, AbortSignal.any([signal, question.signal])).finally(() => {
        if (!question.signal.aborted) question.signal.removeEventListener('abort', withdraw)
      })
    },
  }
  await untilAborted(options.perform(request.call, request.input, call), signal)
}

/** The person at a command. */
interface Person {
  next(): Promise<LinkAnswer>
  withdraw(): void
}

/**
 * Reads what comes after the request: an answer where one is awaited. Anything else, the end of the
 * connection too, ends the call.
 */
function awaitPerson(lines: Lines, gone: AbortController): Person {
  let asked: ((answer: LinkAnswer) => void) | undefined
  /** Answers still to come to questions that were withdrawn: a command answers each once. */
  let stray = 0
  const read = async (): Promise<void> => {
    for await (const line of { [Symbol.asyncIterator]: () => unreturned(lines) }) {
      const { confirmed, differ } = confirmedShape.parse(jsonOf(line))
      if (stray > 0) {
        stray--
        continue
      }
      if (asked === undefined) throw malformed('A line came that nobody asked for.')
      asked(differ === true ? 'differ' : confirmed)
      asked = undefined
    }
    throw CommandError.of('ERR_INTERRUPTED', 'The command has gone.')
  }
  read().catch((error: unknown) => gone.abort(error))
  return {
    next: () => {
      return new Promise((resolve) => {
        asked = resolve
      })
    },
    withdraw: () => {
      if (asked === undefined) return
      asked = undefined
      stray++
    },
  }
}

/** An iterator that a loop cannot close: ending it would cut the connection before its last line. */
function unreturned(lines: Lines): AsyncIterator<string> {
  return { next: () => lines.next() }
}

/** Writes one line and waits while the command does not take it. Writes nothing to one that has gone. */
export async function writeAnswer(socket: Socket, answer: Partial<Answer>): Promise<void> {
  if (socket.destroyed || !socket.writable) return
  if (socket.write(`${JSON.stringify(answer)}\n`)) return
  const settled = new AbortController()
  const { signal } = settled
  await Promise.race([once(socket, 'drain', { signal }), once(socket, 'close', { signal })]).catch(
    () => undefined,
  )
  settled.abort()
}

function errorAnswer({ code, message, hint }: Failure): Answer['error'] {
  return { code, message, hint: hint ?? null }
}

function malformed(message: string): CommandError {
  return CommandError.of('ERR_LOCAL_MALFORMED', message)
}
