import type { Contact, Message } from '@kithmesh/node'
import { CommandError } from '../errors.ts'
import { type CallInput, LOCAL_LIMITS } from '../local/calls.ts'
import { messageEvent } from './answers.ts'
import { itemsUntilAborted } from './items.ts'
import { findContact, findMessage } from './resolve.ts'
import { requireAccount, type Serving } from './served.ts'

/** The history with a contact, oldest first, then what comes, when it is followed. */
export async function listMessages(input: CallInput<'messages'>, serving: Serving): Promise<void> {
  const { contact } = await findContact(input.contact, serving)
  // Listened for before the history is read: what comes in between is not lost.
  const coming = input.follow ? openFeed(serving) : undefined
  const history = await listed(contact, input.limit, serving)
  for (const message of history) await serving.emit(messageEvent(message))
  if (coming === undefined) return
  const seen = new Set(history.map(({ message }) => message))
  for await (const message of itemsUntilAborted(coming, serving.signal)) {
    if (seen.has(message.message) || !(await isOfChat(message, contact, serving))) continue
    await serving.emit(messageEvent(message))
  }
  serving.signal.throwIfAborted()
  throw CommandError.of('ERR_LOCAL_BUSY', 'Messages came faster than they were read.')
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

/** Messages that appear from now on, in the order they appear; ends when too many wait. */
function openFeed({ node, signal }: Serving): AsyncIterable<Message> {
  const waiting: Message[] = []
  const woken = new EventTarget()
  const add = ({ detail }: CustomEvent<Message>): void => {
    waiting.push(detail)
    woken.dispatchEvent(new Event('message'))
  }
  node.addEventListener('message:received', add, { signal })
  node.addEventListener('message:sent', add, { signal })
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
