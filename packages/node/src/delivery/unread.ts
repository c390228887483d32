import type { AccountId, MessageId } from '@kithmesh/protocol'
import { createEvents, type TypedEvents } from '@kithmesh/sync'
import type { DeviceContext } from '../context.ts'
import { type Staged, stagedOps } from '../staged.ts'

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

/** Messages of contacts that nobody has looked at, on any device of this account as far as is known here. */
export interface Unread {
  readonly events: TypedEvents<UnreadEvents>
  has(contact: AccountId, message: MessageId): Promise<boolean>
  count(contact: AccountId): Promise<number>
  /** In the order of the chat; without `upTo` all. */
  list(contact: AccountId, upTo?: MessagePlace): Promise<readonly MessagePlace[]>
  stageAdd(contact: AccountId, one: MessagePlace): Staged
  stageRemove(contact: AccountId, messages: readonly MessageId[]): Staged
}

/** Opens what is unread on disk; of each contact it is read when somebody asks. */
export function openUnread({ tables }: DeviceContext): Unread {
  const events = createEvents<UnreadEvents>()
  const byContact = new Map<AccountId, Promise<Map<MessageId, number>>>()

  function of(contact: AccountId): Promise<Map<MessageId, number>> {
    const known = byContact.get(contact) ?? read(contact)
    byContact.set(contact, known)
    // What could not be read is read again by whoever asks next.
    known.catch(() => byContact.delete(contact))
    return known
  }

  async function read(contact: AccountId): Promise<Map<MessageId, number>> {
    const found = new Map<MessageId, number>()
    for await (const [[, message], at] of tables.unread.entries({ prefix: [contact] })) {
      found.set(message, at)
    }
    return found
  }

  /** Also while it is being read: what comes meanwhile is not forgotten. */
  function note(contact: AccountId, change: (unread: Map<MessageId, number>) => void): void {
    void byContact.get(contact)?.then(change, () => byContact.delete(contact))
    events.emit('unread:changed', { contact })
  }

  async function list(contact: AccountId, upTo?: MessagePlace): Promise<readonly MessagePlace[]> {
    return [...(await of(contact))]
      .map(([message, at]) => ({ message, at }))
      .filter((one) => !upTo || comparePlaces(one, upTo) <= 0)
      .sort(comparePlaces)
  }

  return {
    events,
    has: async (contact, message) => (await of(contact)).has(message),
    count: async (contact) => (await of(contact)).size,
    list,
    stageAdd: (contact, { message, at }) => ({
      ...stagedOps(tables.unread.put([contact, message], at)),
      publish: () => note(contact, (unread) => unread.set(message, at)),
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
