import { TEXT_MAX_BYTES } from '../events/bounds.ts'
import type { Delivery, GapEvent, MessageEvent } from '../events/messages.ts'
import type { AnswerEvent } from '../events.ts'
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
    if (event.event === 'sent') {
      report.print(`Sent ${event.message}`)
      // Who waits is told of each change anyhow.
      if (choice.wait === 'none' && event.delivery) report.talk(...waitingLines(event.delivery))
    }
    if (event.event === 'delivery') report.talk(progressLine(event))
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

/** What a contact wrote counts as read from now on, on every device of this account. */
export async function markRead(
  context: CommandContext,
  input: { readonly contact: string; readonly upTo: string | undefined },
): Promise<void> {
  const { report } = context
  const onEvent = (event: AnswerEvent): void => {
    if (event.event !== 'read') return
    const left = event.unread === 0 ? '' : `, ${event.unread} still new`
    const count = event.marked === 1 ? '1 message' : `${event.marked} messages`
    report.print(`${count} of ${oneLine(event.name)} marked as read${left}`)
  }
  await ask(context, { call: 'read', input }, { onEvent })
}

/** How far a message has come, and what it waits for. */
function progressLine(delivery: Delivery): string {
  const { reached, of, waiting, read } = delivery
  const far = read ? 'Read' : `Reached ${reached} of ${of}`
  return waiting === null ? far : `${far} · ${oneLine(waiting.text)}`
}

/** Where a message is that has not left, why, and for how long it is tried. */
function waitingLines(delivery: Delivery): readonly string[] {
  const { waiting, state } = delivery
  if (waiting === null || waiting.reason === 'sending') return []
  const where = state === 'sibling' ? 'It is on another of your devices, too.' : undefined
  const until = waiting.until === null ? '' : ` It is tried until ${localMinute(waiting.until)}.`
  return [`${oneLine(waiting.text)}.${until}`, ...(where === undefined ? [] : [where])]
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
  if (event.event === 'gap') report.print(gapLine(event))
}

/** What is missing before the next line, and whether it will come. */
function gapLine({ name, missing, state }: GapEvent): string {
  const who = oneLine(name)
  const what = missing === 1 ? `1 message of ${who}` : `${missing} messages of ${who}`
  switch (state) {
    case 'missing':
      return `—— ${what} missing here: asked for when a device of ${who} is there`
    case 'coming':
      return `—— ${what} missing here: on the way`
    case 'gone':
      return `—— ${what} missing: on no device of ${who} any more`
    case 'filled':
      return `—— nothing of ${who} is missing any more`
  }
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

/**
 * ◔ on this device only, ◑ on another of one's own, ✓ on a device of the contact, ✓✓ on all, `read` shown,
 * ✗ ended undelivered; • new, ★ starred.
 */
function marks({ delivery, starred, unread }: MessageEvent): string {
  const ticks = delivery === null ? '' : `  ${tick(delivery)}`
  const news = unread ? '  •' : ''
  return `${ticks}${news}${starred ? '  ★' : ''}`
}

function tick({ state, reached, of }: Delivery): string {
  switch (state) {
    case 'here':
      return '◔'
    case 'sibling':
      return '◑'
    case 'ended':
      return '✗'
    case 'read':
      return '✓✓ read'
    case 'reached':
      return reached >= of ? '✓✓' : '✓'
  }
}
