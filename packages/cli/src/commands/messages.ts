import type { AnswerEvent, MessageEvent } from '../events.ts'
import { TEXT_MAX_BYTES } from '../events.ts'
import { cellWidth, cleanLines, oneLine } from '../terminal-text.ts'
import { localMinute } from '../times.ts'
import { argumentOrStdin, ask, type CommandContext } from './context.ts'

/** What a person sends and how long they wait. */
export interface SendChoice {
  readonly contact: string
  readonly text: string
  readonly wait: 'none' | 'reached' | 'all'
  readonly timeoutMs: number
}

const TEXT = { maxBytes: TEXT_MAX_BYTES, tooLong: 'ERR_TEXT' } as const

/** Sends a text to a contact (CLI-17). */
export async function sendText(context: CommandContext, choice: SendChoice): Promise<void> {
  const text = await argumentOrStdin(choice.text, context, TEXT)
  const { report } = context
  const onEvent = (event: AnswerEvent): void => {
    if (event.event === 'sent') report.print(`Sent ${event.message}`)
    if (event.event === 'delivery') report.talk(`Reached ${event.reached} of ${event.of}`)
  }
  await ask(context, { call: 'send', input: { ...choice, text } }, { onEvent })
}

/** The history with a contact, oldest first. */
export async function showMessages(
  context: CommandContext,
  input: { readonly contact: string; readonly limit: number | undefined; readonly follow: boolean },
): Promise<void> {
  await ask(context, { call: 'messages', input }, { onEvent: (event) => print(event, context) })
}

/** Stars a message, or takes the star away. */
export async function setStar(
  context: CommandContext,
  { call, message }: { readonly call: 'star' | 'unstar'; readonly message: string },
): Promise<void> {
  await ask(context, { call, input: { message } }, { onEvent: (event) => print(event, context) })
}

/** Every starred message. */
export async function showStarred(context: CommandContext): Promise<void> {
  await ask(context, { call: 'starred', input: {} }, { onEvent: (event) => print(event, context) })
}

function print(event: AnswerEvent, { report }: CommandContext): void {
  if (event.event === 'message') report.print(...messageLines(event))
}

/** Beginning of an id that people type: long enough to be unique in a history. */
const SHOWN_ID = 10

/**
 * A message as lines. Every further line of its text is indented below the first, so that a text
 * cannot pass for another message.
 */
function messageLines(message: MessageEvent): readonly string[] {
  const who = message.from.self ? 'me' : oneLine(message.from.name)
  const head = `${message.message.slice(0, SHOWN_ID)}  ${localMinute(message.at)}  ${who}: `
  const [first = '', ...more] = cleanLines(message.text)
  const indent = ' '.repeat(cellWidth(head))
  return [`${head}${first}${marks(message)}`, ...more.map((line) => indent + line)]
}

/** ◔ on no device of the contact yet, ✓ on one, ✓✓ on all; ★ starred. */
function marks({ delivery, starred }: MessageEvent): string {
  const ticks = delivery === null ? '' : `  ${tick(delivery)}`
  return starred ? `${ticks}  ★` : ticks
}

function tick({ reached, of }: NonNullable<MessageEvent['delivery']>): string {
  if (reached === 0) return '◔'
  return reached >= of ? '✓✓' : '✓'
}
