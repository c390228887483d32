import {
  type AccountId,
  type Content,
  directChatId,
  KithError,
  MAX_TEXT_BYTES,
  type MessageId,
} from '@kithmesh/protocol'
import type { EventSource } from '@kithmesh/sync'
import type { NodeEvents } from './api/events.ts'
import type { DeliveryState, Message, SentMessage } from './api/messages.ts'
import type { CallOptions } from './api/options.ts'
import type { Chats, ListOptions, StoredContent } from './chats.ts'
import type { Contacts } from './contacts/contacts.ts'
import type { DeviceContext } from './context.ts'
import type { Delivery } from './delivery/delivery.ts'
import { announceDeliveries, followDelivery } from './delivery/delivery-news.ts'
import type { DeliveryStates } from './delivery/delivery-states.ts'
import type { OnSibling } from './delivery/on-sibling.ts'
import type { Reading } from './delivery/reading.ts'
import { comparePlaces, type MessagePlace, type Unread } from './delivery/unread.ts'
import type { Write } from './delivery/writing.ts'
import { createRounds } from './rounds.ts'
import type { Staged } from './staged.ts'
import type { Starred } from './starred.ts'

/** Sending and reading messages, as a person sees them. */
export interface Messages {
  send(
    contact: AccountId,
    content: { readonly text: string },
    options?: CallOptions,
  ): Promise<SentMessage>
  get(message: MessageId, options?: CallOptions): Promise<Message | undefined>
  list(
    contact: AccountId,
    options?: CallOptions & { readonly limit?: number },
  ): Promise<readonly Message[]>
  /** @throws ERR_NOT_FOUND */
  markRead(contact: AccountId, options?: CallOptions & { readonly upTo?: MessageId }): Promise<void>
  /** How many messages of a contact nobody has looked at. */
  unread(contact: AccountId, options?: CallOptions): Promise<number>
  /** What belongs into the batch of contents that came from a contact or a sibling. */
  stageArrivals(arrived: readonly StoredContent[]): readonly Staged[]
}

/** What messages stand on. */
export interface MessagesParts {
  readonly account: AccountId
  readonly chats: Chats
  readonly contacts: Contacts
  readonly states: DeliveryStates
  readonly onSibling: Pick<OnSibling, 'stageWritten'>
  readonly delivery: Pick<Delivery, 'stageWritten'>
  readonly unread: Unread
  readonly reading: Reading
  readonly write: Write
  /** @throws ERR_OUTBOX_FULL */
  readonly requireRoom: (contact: AccountId) => void
  readonly starred: Starred
  readonly events: EventSource<NodeEvents>
}

/** Messages of one account. */
export function createMessages(context: DeviceContext, parts: MessagesParts): Messages {
  const { account, chats, contacts, states, unread, reading, starred } = parts

  async function send(
    contact: AccountId,
    { text }: { readonly text: string },
    { signal }: CallOptions = {},
  ): Promise<SentMessage> {
    signal?.throwIfAborted()
    const to = contacts.requireSendable(contact)
    requireText(text)
    parts.requireRoom(to)
    const stored = await parts.write(to, { kind: 'text', text }, (written) => [
      parts.onSibling.stageWritten(written.message),
      parts.delivery.stageWritten(written.message),
      stageEvents([written]),
    ])
    const delivery: SentMessage['delivery'] = (call = {}) =>
      followDelivery(context, states, { ...call, stored, contact: to })
    return { message: stored.message, chat: stored.content.chat, delivery }
  }

  /** One alone is on its way, and asked for at each ack: what is known of it is kept at hand. */
  async function statesNow(
    messages: readonly StoredContent[],
    contact: AccountId,
  ): Promise<readonly DeliveryState[]> {
    const [only, ...others] = messages
    return only && others.length === 0
      ? [await states.stateOf(only, contact)]
      : states.statesOf(messages, contact)
  }

  /** Undefined for contents that are no message of their own, such as receipts. */
  async function toMessage(
    stored: StoredContent,
    delivery?: DeliveryState,
  ): Promise<Message | undefined> {
    const { message, content } = stored
    const { author, chat, at, body } = content
    if (body.kind !== 'text') return undefined
    const self = author.account === account
    return {
      message,
      chat,
      from: { account: author.account, name: contacts.nameOf(author.account), self },
      device: author.device,
      text: body.text,
      at,
      starred: starred.has(message),
      ...(delivery ? { delivery } : {}),
      ...(self && !delivery ? await deliveryShown(stored) : {}),
      ...(self ? {} : await unreadShown(stored)),
    }
  }

  async function deliveryShown(stored: StoredContent): Promise<Pick<Message, 'delivery'>> {
    const other = contacts.ofChat(stored.content.chat)
    return other ? { delivery: await states.stateOf(stored, other) } : {}
  }

  async function unreadShown({
    message,
    content,
  }: StoredContent): Promise<Pick<Message, 'unread'>> {
    return { unread: await unread.has(content.author.account, message) }
  }

  /** One person's history, over all accounts the person has had (ACC-12). */
  async function historyWith(
    contact: AccountId,
    options: CallOptions & { readonly limit?: number },
  ): Promise<readonly StoredContent[]> {
    const [first = contact, ...earlier] = accountsOf(contact)
    const wanted: ListOptions = { ...options, where: isMessage }
    const latest = await chats.list(directChatId(account, first), wanted)
    if (earlier.length === 0) return latest
    const all = [...latest]
    for (const other of earlier) {
      all.push(...(await chats.list(directChatId(account, other), wanted)))
    }
    return all.sort(inOrder).slice(-(options.limit ?? all.length))
  }

  function accountsOf(contact: AccountId): readonly AccountId[] {
    return [contact, ...contacts.succession.earlierOf(contact)]
  }

  async function markRead(
    contact: AccountId,
    { upTo, signal }: CallOptions & { readonly upTo?: MessageId } = {},
  ): Promise<void> {
    signal?.throwIfAborted()
    contacts.require(contact)
    const last = upTo === undefined ? undefined : await requirePlace(upTo)
    for (const other of accountsOf(contact)) await reading.markRead(other, last)
  }

  async function requirePlace(message: MessageId): Promise<MessagePlace> {
    const stored = await chats.get(message)
    if (stored) return { message, at: stored.content.at }
    throw new KithError('ERR_NOT_FOUND', 'this device does not hold that message')
  }

  async function unreadOf(contact: AccountId): Promise<number> {
    const counts = await Promise.all(accountsOf(contact).map(unread.count))
    return counts.reduce((sum, count) => sum + count, 0)
  }

  /** What comes at once is told of once. */
  const announceUnread = createRounds(async (contact: AccountId) => {
    try {
      parts.events.emit('chat:unread', { contact, unread: await unreadOf(contact) })
    } catch {
      if (!context.signal.aborted) context.logger.warn('a count of new messages could not be shown')
    }
  })
  unread.events.addEventListener(
    'unread:changed',
    ({ detail }) => void announceUnread(contacts.succession.currentOf(detail.contact)),
    { signal: context.signal },
  )

  function stageEvents(arrived: readonly StoredContent[]): Staged {
    const publish = (): void => {
      toldNow(arrived)
      tell(arrived).catch(() => context.logger.warn('a message could not be shown'))
    }
    return { ops: () => [], publish }
  }

  /**
   * Messages told of by what is being published: who has them by the same batch is told with them. A history
   * would else be told of twice.
   */
  const told = new Set<MessageId>()

  function toldNow(arrived: readonly StoredContent[]): void {
    if (told.size === 0) queueMicrotask(() => told.clear())
    for (const { message } of arrived) told.add(message)
  }

  async function tell(arrived: readonly StoredContent[]): Promise<void> {
    const deliveries = await deliveriesOf(arrived.filter(({ content }) => isMessage(content)))
    for (const stored of arrived) {
      const message = await toMessage(stored, deliveries.get(stored.message))
      if (message) parts.events.emit(eventOf(message), message)
    }
  }

  /** How far own messages have come that are told of together: the disk is asked once for a chat. */
  async function deliveriesOf(
    messages: readonly StoredContent[],
  ): Promise<ReadonlyMap<MessageId, DeliveryState>> {
    const deliveries = new Map<MessageId, DeliveryState>()
    const own = messages.filter(({ content }) => content.author.account === account)
    for (const [chat, sent] of Map.groupBy(own, ({ content }) => content.chat)) {
      const other = contacts.ofChat(chat)
      const known = other ? await statesNow(sent, other) : []
      for (const [at, delivery] of known.entries()) {
        const stored = sent[at]
        if (stored) deliveries.set(stored.message, delivery)
      }
    }
    return deliveries
  }

  const isTold = (message: MessageId): boolean => told.has(message)
  announceDeliveries(context, { states, isTold }, async (messages) => {
    const found = await chats.getMany(messages)
    const deliveries = await deliveriesOf(found.filter(({ content }) => isMessage(content)))
    for (const [message, delivery] of deliveries) {
      parts.events.emit('message:delivery', { message, delivery })
    }
  })

  return {
    send,
    get: async (message) => {
      const stored = await chats.get(message)
      return stored && toMessage(stored)
    },
    list: async (contact, options = {}) => {
      contacts.require(contact)
      const stored = await historyWith(contact, options)
      const messages = await Promise.all(stored.map((one) => toMessage(one)))
      return messages.filter((message) => message !== undefined)
    },
    markRead,
    unread: async (contact) => {
      contacts.require(contact)
      return unreadOf(contact)
    },
    // What is unread is known when the message is told of.
    stageArrivals: (arrived) => [
      ...arrived.map((stored) => reading.stageArrival(stored)),
      stageEvents(arrived),
    ],
  }
}

/** Receipts stand in a chat, too, and nobody reads them. */
function isMessage({ body }: Content): boolean {
  return body.kind === 'text'
}

function eventOf({ from }: Message): 'message:sent' | 'message:received' {
  return from.self ? 'message:sent' : 'message:received'
}

/** As within one chat (DEL-6). */
function inOrder(a: StoredContent, b: StoredContent): number {
  return comparePlaces(
    { message: a.message, at: a.content.at },
    { message: b.message, at: b.content.at },
  )
}

function requireText(text: string): void {
  if (text.length === 0) throw new KithError('ERR_TEXT', 'a message needs some text')
  if (!text.isWellFormed() || new TextEncoder().encode(text).length > MAX_TEXT_BYTES) {
    throw new KithError('ERR_TEXT', `a message holds at most ${MAX_TEXT_BYTES} bytes of text`, {
      hint: 'Send it in several messages.',
    })
  }
}
