import {
  type AccountId,
  directChatId,
  KithError,
  MAX_TEXT_BYTES,
  type MessageId,
} from '@kithmesh/protocol'
import type { EventSource } from '@kithmesh/sync'
import type { CallOptions, DeliveryState, Message, NodeEvents, SentMessage } from './api.ts'
import type { Chats, StoredContent } from './chats.ts'
import type { Contacts } from './contacts/contacts.ts'
import type { DeviceContext } from './context.ts'
import type { Delivery } from './delivery/delivery.ts'
import type { FanOut } from './delivery/fan-out.ts'
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
  /** What belongs into the batch of a content that came from a contact or a sibling. */
  stageEvent(stored: StoredContent): Staged
}

/** What messages stand on. */
export interface MessagesParts {
  readonly account: AccountId
  readonly chats: Chats
  readonly contacts: Contacts
  readonly delivery: Delivery
  readonly fanOut: FanOut
  readonly starred: Starred
  /** Writes the record by which siblings learn of a content, and what belongs to it, in one batch. */
  readonly record: (stored: StoredContent, alongside: readonly Staged[]) => Promise<void>
  readonly events: EventSource<NodeEvents>
}

/** Messages of one account. */
export function createMessages(context: DeviceContext, parts: MessagesParts): Messages {
  const { account, chats, contacts, delivery, starred } = parts

  async function send(
    contact: AccountId,
    { text }: { readonly text: string },
    { signal }: CallOptions = {},
  ): Promise<SentMessage> {
    signal?.throwIfAborted()
    const to = contacts.requireSendable(contact)
    requireText(text)
    const chat = directChatId(account, to)
    const { stored, durable } = await chats.alone(chat, async () => {
      const stored = await chats.draft(chat, { kind: 'text', text })
      const staged = [
        await chats.stage(stored),
        ...(await parts.fanOut(to, stored)),
        stageEvent(stored),
      ]
      return { stored, durable: parts.record(stored, staged) }
    })
    await durable
    return {
      message: stored.message,
      chat,
      delivery: (options) => deliveryOf(stored.message, to, options),
    }
  }

  /** Every change of the delivery state, from the current one until all devices are reached. */
  async function* deliveryOf(
    message: MessageId,
    contact: AccountId,
    { signal }: CallOptions = {},
  ): AsyncIterable<DeliveryState> {
    let wake = Promise.withResolvers<void>()
    const onChange = (): void => wake.resolve()
    const done = new AbortController()
    const ends = AbortSignal.any([done.signal, context.signal, ...(signal ? [signal] : [])])
    delivery.events.addEventListener(
      'delivery:changed',
      ({ detail }) => {
        if (detail.message === message) onChange()
      },
      { signal: ends },
    )
    ends.addEventListener('abort', onChange)
    try {
      let shown = ''
      while (!ends.aborted) {
        wake = Promise.withResolvers<void>()
        const state = await delivery.stateOf(message, contact)
        const now = `${state.reached}/${state.of}/${state.read}`
        if (now !== shown) yield state
        shown = now
        if (state.of > 0 && state.reached >= state.of) return
        await wake.promise
      }
    } finally {
      done.abort()
    }
  }

  /** Undefined for contents that are no message of their own, such as receipts. */
  async function toMessage({ message, content }: StoredContent): Promise<Message | undefined> {
    const { author, chat, at, body } = content
    if (body.kind !== 'text') return undefined
    const self = author.account === account
    const other = self ? contacts.ofChat(chat) : undefined
    return {
      message,
      chat,
      from: { account: author.account, name: contacts.nameOf(author.account), self },
      device: author.device,
      text: body.text,
      at,
      starred: starred.has(message),
      ...(other ? { delivery: await delivery.stateOf(message, other) } : {}),
    }
  }

  /** One person's history, over all accounts the person has had (ACC-12). */
  async function historyWith(
    contact: AccountId,
    options: CallOptions & { readonly limit?: number },
  ): Promise<readonly StoredContent[]> {
    const [first = contact, ...earlier] = [contact, ...contacts.succession.earlierOf(contact)]
    const latest = await chats.list(directChatId(account, first), options)
    if (earlier.length === 0) return latest
    const all = [...latest]
    for (const other of earlier) {
      all.push(...(await chats.list(directChatId(account, other), options)))
    }
    return all.sort(inOrder).slice(-(options.limit ?? all.length))
  }

  function stageEvent(stored: StoredContent): Staged {
    const self = stored.content.author.account === account
    const publish = (): void => {
      void toMessage(stored).then(
        (message) => {
          if (message) parts.events.emit(self ? 'message:sent' : 'message:received', message)
        },
        () => context.logger.warn('a message could not be shown'),
      )
    }
    return { ops: () => [], publish }
  }

  delivery.events.addEventListener(
    'delivery:changed',
    ({ detail: { message } }) => {
      // as when the device stops just after an ack: the store is closed, and nobody looks any more
      announceDelivery(message).catch(() => context.logger.warn('a delivery could not be shown'))
    },
    { signal: context.signal },
  )

  async function announceDelivery(message: MessageId): Promise<void> {
    const stored = await chats.get(message)
    const contact = stored && contacts.ofChat(stored.content.chat)
    if (!contact) return
    const state = await delivery.stateOf(message, contact)
    parts.events.emit('message:delivery', { message, delivery: state })
  }

  return {
    send,
    get: async (message) => {
      const stored = await chats.get(message)
      return stored && toMessage(stored)
    },
    list: async (contact, options = {}) => {
      contacts.require(contact)
      const stored = await historyWith(contact, options)
      const messages = await Promise.all(stored.map(toMessage))
      return messages.filter((message) => message !== undefined)
    },
    stageEvent,
  }
}

/** As within one chat: by time, then by id (DEL-6). */
function inOrder(a: StoredContent, b: StoredContent): number {
  return a.content.at - b.content.at || (a.message < b.message ? -1 : 1)
}

function requireText(text: string): void {
  if (text.length === 0) throw new KithError('ERR_TEXT', 'a message needs some text')
  if (!text.isWellFormed() || new TextEncoder().encode(text).length > MAX_TEXT_BYTES) {
    throw new KithError('ERR_TEXT', `a message holds at most ${MAX_TEXT_BYTES} bytes of text`, {
      hint: 'Send it in several messages.',
    })
  }
}
