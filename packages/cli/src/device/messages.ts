import type { Contact, Message, MessageGap } from '@kithmesh/node'
import { CommandError } from '../errors.ts'
import type { CallInput } from '../local/calls.ts'
import { LOCAL_LIMITS } from '../local/local-limits.ts'
import { gapEvent, messageEvent, readEvent } from './answers.ts'
import { itemsUntilAborted } from './items.ts'
import { findContact, findMessage } from './resolve.ts'
import { requireAccount, type Serving } from './served.ts'

/** The history with a contact, oldest first, then what comes, when it is followed. */
export async function listMessages(input: CallInput<'messages'>, serving: Serving): Promise<void> {
  const found = await findContact(input.contact, serving)
  const { contact } = found
  // Listened for before the history is read: what comes in between is not lost.
  const coming = input.follow ? openFeed(serving) : undefined
  const history = await listed(contact, input.limit, serving)
  await emitHistory(found, history, serving)
  if (coming === undefined) return
  const seen = new Set(history.map(({ message }) => message))
  for await (const news of itemsUntilAborted(coming, serving.signal)) {
    if ('gaps' in news) {
      if (news.contact === contact) await emitGaps(found, news.gaps, serving)
    } else if (!seen.has(news.message) && (await isOfChat(news, contact, serving))) {
      await serving.emit(messageEvent(news))
    }
  }
  serving.signal.throwIfAborted()
  throw CommandError.of('ERR_LOCAL_BUSY', 'Messages came faster than they were read.')
}

/** Each gap with the message that shows it; a gap before what is listed is not part of it (CLI-79). */
async function emitHistory(
  contact: Contact,
  history: readonly Message[],
  { node, emit, signal }: Serving,
): Promise<void> {
  const gaps = await node.messages.gaps(contact.contact, { signal })
  for (const message of history) {
    for (const gap of gaps) {
      if (gap.before === message.message) await emit(gapEvent(contact, gap))
    }
    await emit(messageEvent(message))
  }
  for (const gap of gaps) if (gap.before === undefined) await emit(gapEvent(contact, gap))
}

async function emitGaps(
  contact: Contact,
  gaps: readonly MessageGap[],
  { emit }: Serving,
): Promise<void> {
  if (gaps.length === 0) await emit(gapEvent(contact))
  for (const gap of gaps) await emit(gapEvent(contact, gap))
}

function listed(
  contact: Contact['contact'],
  limit: number | undefined,
  { node, signal }: Serving,
): Promise<readonly Message[]> {
  return node.messages.list(contact, limit === undefined ? { signal } : { signal, limit })
}

/** Whether a message belongs to the chat with a contact; the chat is known once it has a message. */
async function isOfChat(
  message: Message,
  contact: Contact['contact'],
  serving: Serving,
): Promise<boolean> {
  const [newest] = await listed(contact, 1, serving)
  return message.chat === newest?.chat
}

/** What can be missing of whose messages. */
interface GapNews {
  readonly contact: Contact['contact']
  readonly gaps: readonly MessageGap[]
}

/** Messages and gaps that appear from now on, in the order they appear; ends when too many wait. */
function openFeed({ node, signal }: Serving): AsyncIterable<Message | GapNews> {
  const waiting: (Message | GapNews)[] = []
  const woken = new EventTarget()
  const add = ({ detail }: CustomEvent<Message | GapNews>): void => {
    waiting.push(detail)
    woken.dispatchEvent(new Event('message'))
  }
  node.addEventListener('message:received', add, { signal })
  node.addEventListener('message:sent', add, { signal })
  node.addEventListener('message:gap', add, { signal })
  return {
    async *[Symbol.asyncIterator]() {
      while (waiting.length <= LOCAL_LIMITS.followed) {
        const next = waiting.shift()
        if (next !== undefined) yield next
        else
          await new Promise((resolve) => woken.addEventListener('message', resolve, { once: true }))
      }
    },
  }
}

/** What a contact wrote counts as seen: up to a message, or all of it. */
export async function markRead(input: CallInput<'read'>, serving: Serving): Promise<void> {
  const { node, signal } = serving
  const found = await findContact(input.contact, serving)
  const last = input.upTo === undefined ? {} : { upTo: await findMessageId(input.upTo, serving) }
  const before = await node.messages.unread(found.contact, { signal })
  await node.messages.markRead(found.contact, { ...last, signal })
  const unread = await node.messages.unread(found.contact, { signal })
  await serving.emit(readEvent(found, { before, unread }))
}

async function findMessageId(given: string, serving: Serving): Promise<Message['message']> {
  return (await findMessage(given, serving)).message
}

export async function starMessage({ message }: CallInput<'star'>, serving: Serving): Promise<void> {
  const found = await findMessage(message, serving)
  await serving.node.starred.add(found.message, { signal: serving.signal })
  await serving.emit(messageEvent({ ...found, starred: true }))
}

export async function unstarMessage(
  { message }: CallInput<'unstar'>,
  serving: Serving,
): Promise<void> {
  const found = await findMessage(message, serving)
  await serving.node.starred.remove(found.message, { signal: serving.signal })
  await serving.emit(messageEvent({ ...found, starred: false }))
}

export async function listStarred(
  _: CallInput<'starred'>,
  { node, signal, emit }: Serving,
): Promise<void> {
  requireAccount(node)
  for (const message of await node.starred.list({ signal })) await emit(messageEvent(message))
}
