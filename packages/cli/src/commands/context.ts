import { untilAborted } from '../aborted.ts'
import { CommandError } from '../errors.ts'
import type { AnswerEvent } from '../events.ts'
import type { Io } from '../io.ts'
import type { CallInput, CallName } from '../local/calls.ts'
import { callDevice } from '../local/client.ts'
import type { LinkAnswer, Seen } from '../local/local-protocol.ts'
import type { Report } from '../report.ts'

/** What every command is given. */
export interface CommandContext {
  readonly io: Io
  readonly report: Report
  /** The folder of the device, absolute. */
  readonly home: string
  /** Aborts with ERR_INTERRUPTED. */
  readonly signal: AbortSignal
}

/** What a command does while the device answers. */
interface Answering {
  readonly onEvent?: (event: AnswerEvent) => void
  readonly confirm?: (seen: Seen, options: { readonly signal: AbortSignal }) => Promise<LinkAnswer>
}

/** Asks the running device; with `--json` its events are the output, as they come. */
export async function ask<N extends CallName>(
  { report, home, signal }: CommandContext,
  { call, input }: { readonly call: N; readonly input: CallInput<N> },
  { onEvent, confirm }: Answering = {},
): Promise<void> {
  await callDevice(
    {
      home,
      call,
      input,
      onEvent: (event) => {
        report.event(event)
        onEvent?.(event)
      },
      ...(confirm === undefined
        ? {}
        : {
            confirm: (seen, question) =>
              confirm(seen, { signal: AbortSignal.any([signal, question.signal]) }),
          }),
    },
    { signal },
  )
}

/** Asks the running device and gives all its events of one kind. */
export async function collect<N extends CallName, E extends AnswerEvent['event']>(
  context: CommandContext,
  { call, input, event }: { readonly call: N; readonly input: CallInput<N>; readonly event: E },
): Promise<readonly Extract<AnswerEvent, { readonly event: E }>[]> {
  const collected: Extract<AnswerEvent, { readonly event: E }>[] = []
  const is = (given: AnswerEvent): given is Extract<AnswerEvent, { readonly event: E }> => {
    return given.event === event
  }
  const onEvent = (given: AnswerEvent): void => {
    if (is(given)) collected.push(given)
  }
  await ask(context, { call, input }, { onEvent })
  return collected
}

/** A value of the command line that may be too long, or too secret, for it. */
interface Given {
  readonly maxBytes: number
  /** The error when it is longer. */
  readonly tooLong: 'ERR_TEXT' | 'ERR_CODE_MALFORMED'
}

/** The value; `-` means all of stdin, less the line break the shell put at its end. */
export async function argumentOrStdin(
  given: string,
  context: CommandContext,
  { maxBytes, tooLong }: Given,
): Promise<string> {
  const refused = CommandError.of(tooLong, `That is longer than ${maxBytes} bytes.`)
  const text = given === '-' ? await stdinText(context, { maxBytes, refused }) : given
  if (new TextEncoder().encode(text).length > maxBytes) throw refused
  if (text.trim() === '') throw CommandError.of('ERR_USAGE', 'The text is empty.')
  return text
}

async function stdinText(
  { io, signal }: CommandContext,
  { maxBytes, refused }: { readonly maxBytes: number; readonly refused: CommandError },
): Promise<string> {
  const bytes = await untilAborted(io.stdin.read({ maxBytes: maxBytes + BREAK }), signal)
  // Before it is decoded: what was cut off must not pass for the whole.
  if (bytes.length > maxBytes + BREAK) throw refused
  return decode(bytes)
}

/** Bytes of the longest line break; what is longer with it is longer without. */
const BREAK = 2

function decode(bytes: Uint8Array): string {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
    return text.replace(/\r?\n$/, '')
  } catch {
    throw CommandError.of('ERR_USAGE', 'The text on stdin is no UTF-8.')
  }
}
