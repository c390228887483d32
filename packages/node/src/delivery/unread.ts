import type { AccountId, MessageId } from '@kithmesh/protocol'
import { createEvents, type TypedEvents } from '@kithmesh/sync'
import type { DeviceContext } from '../context.ts'
import { type Staged, stagedOps } from '../staged.ts'
import type { UnreadValue } from '../tables.ts'

/** `detail` by event name. */
export interface UnreadEvents {
  /** Messages of a contact have come, or were read, here or on a sibling. */
  'unread:changed': { readonly contact: AccountId }
}

/** A message, and where it stands in its chat (DEL-6). */
export interface MessagePlace {
  readonly message: MessageId
  /** ms since 1970 UTC, by the hybrid clock of the chat */
  readonly at: number
}

/** A message of a contact, and what its author calls it. */
export interface UnreadMessage extends MessagePlace, UnreadValue {}

/** Messages of contacts that nobody has looked at, on any device of this account as far as is known here. */
export interface Unread {
  readonly events: TypedEvents<UnreadEvents>
  has(contact: AccountId, message: MessageId): Promise<boolean>
  count(contact: AccountId): Promise<number>
  /** In the order of the chat; without `upTo` all. */
  list(contact: AccountId, upTo?: MessagePlace): Promise<readonly UnreadMessage[]>
  stageAdd(contact: AccountId, one: UnreadMessage): Staged
  stageRemove(contact: AccountId, messages: readonly MessageId[]): Staged
}

/** What was shown on any own device, as far as is known here (ACC-20). */
export type IsShown = (contact: AccountId, one: Pick<UnreadValue, 'author' | 'number'>) => boolean

/** Opens what is unread on disk; of each contact it is read when somebody asks. */
export function openUnread({ tables }: DeviceContext, isShown: IsShown): Unread {
  const events = createEvents<UnreadEvents>()
  const byContact = new Map<AccountId, Promise<Map<MessageId, UnreadValue>>>()

  function of(contact: AccountId): Promise<Map<MessageId, UnreadValue>> {
    const known = byContact.get(contact) ?? read(contact)
    byContact.set(contact, known)
    // What could not be read is read again by whoever asks next.
    known.catch(() => byContact.delete(contact))
    return known
  }

  /** A sibling may have shown it, and told of that, just before this device stopped. */
  async function read(contact: AccountId): Promise<Map<MessageId, UnreadValue>> {
    const found = new Map<MessageId, UnreadValue>()
    for await (const [[, message], one] of tables.unread.entries({ prefix: [contact] })) {
      if (!isShown(contact, one)) found.set(message, one)
    }
    return found
  }

  /** Also while it is being read: what comes meanwhile is not forgotten. */
  function note(contact: AccountId, change: (unread: Map<MessageId, UnreadValue>) => void): void {
    void byContact.get(contact)?.then(change, () => byContact.delete(contact))
    events.emit('unread:changed', { contact })
  }

  async function list(contact: AccountId, upTo?: MessagePlace): Promise<readonly UnreadMessage[]> {
    return [...(await of(contact))]
      .map(([message, one]) => ({ message, ...one }))
      .filter((one) => !upTo || comparePlaces(one, upTo) <= 0)
      .sort(comparePlaces)
  }

  return {
    events,
    has: async (contact, message) => (await of(contact)).has(message),
    count: async (contact) => (await of(contact)).size,
    list,
    stageAdd: (contact, { message, ...one }) => ({
      ...stagedOps(tables.unread.put([contact, message], one)),
      // A sibling may have told that it was shown while this was written.
      publish: () =>
        note(contact, (unread) => {
          if (!isShown(contact, one)) unread.set(message, one)
        }),
    }),
    stageRemove: (contact, messages) => ({
      ...stagedOps(...messages.map((message) => tables.unread.delete([contact, message]))),
      publish: () =>
        note(contact, (unread) => {
          for (const message of messages) unread.delete(message)
        }),
    }),
  }
}

/** As a chat is listed: by time, then by id (DEL-6). */
export function comparePlaces(a: MessagePlace, b: MessagePlace): number {
  if (a.at !== b.at) return a.at - b.at
  return a.message < b.message ? -1 : Number(a.message > b.message)
}
