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
  /** What a sibling has shown, and no receipt has come of: who shows it here tells its author, too (DEL-68). */
  listShown(contact: AccountId, upTo?: MessagePlace): Promise<readonly UnreadMessage[]>
  /** A sibling has shown more; resolves with what was unread here until now. */
  noteShown(contact: AccountId): Promise<readonly MessageId[]>
  /** Contacts of whom something is unread, or shown by a sibling. */
  contacts(): Promise<readonly AccountId[]>
  stageAdd(contact: AccountId, one: UnreadMessage): Staged
  stageRemove(contact: AccountId, messages: readonly MessageId[]): Staged
}

/** What was shown on any own device, as far as is known here (ACC-20). */
export type IsShown = (contact: AccountId, one: Pick<UnreadValue, 'author' | 'number'>) => boolean

/** What stands on the disk of one contact. */
interface Kept {
  readonly unread: Map<MessageId, UnreadValue>
  readonly shown: Map<MessageId, UnreadValue>
}

/**
 * Opens what is unread on disk; of each contact it is read when somebody asks. A row stays when a sibling has shown
 * its message, and goes with the receipt: so nothing is owed by one device alone.
 */
export function openUnread({ tables }: DeviceContext, isShown: IsShown): Unread {
  const events = createEvents<UnreadEvents>()
  const byContact = new Map<AccountId, Promise<Kept>>()

  function of(contact: AccountId): Promise<Kept> {
    const known = byContact.get(contact) ?? read(contact)
    byContact.set(contact, known)
    // What could not be read is read again by whoever asks next.
    known.catch(() => byContact.delete(contact))
    return known
  }

  /** A sibling may have shown it, and told of that, just before this device stopped. */
  async function read(contact: AccountId): Promise<Kept> {
    const kept: Kept = { unread: new Map(), shown: new Map() }
    for await (const [[, message], one] of tables.unread.entries({ prefix: [contact] })) {
      keep(kept, contact, { message, ...one })
    }
    return kept
  }

  function keep(kept: Kept, contact: AccountId, { message, ...one }: UnreadMessage): void {
    const into = isShown(contact, one) ? kept.shown : kept.unread
    into.set(message, one)
  }

  /** Also while it is being read: what comes meanwhile is not forgotten. */
  function note(contact: AccountId, change: (kept: Kept) => void): void {
    void byContact.get(contact)?.then(change, () => byContact.delete(contact))
    events.emit('unread:changed', { contact })
  }

  async function noteShown(contact: AccountId): Promise<readonly MessageId[]> {
    const kept = await of(contact)
    const fresh = [...kept.unread].filter(([, one]) => isShown(contact, one))
    for (const [message, one] of fresh) {
      kept.unread.delete(message)
      kept.shown.set(message, one)
    }
    if (fresh.length > 0) events.emit('unread:changed', { contact })
    return fresh.map(([message]) => message)
  }

  async function contacts(): Promise<readonly AccountId[]> {
    const found = new Set<AccountId>()
    for await (const [contact] of tables.unread.keys()) found.add(contact)
    return [...found]
  }

  return {
    events,
    has: async (contact, message) => (await of(contact)).unread.has(message),
    count: async (contact) => (await of(contact)).unread.size,
    list: async (contact, upTo) => inOrder((await of(contact)).unread, upTo),
    listShown: async (contact, upTo) => inOrder((await of(contact)).shown, upTo),
    noteShown,
    contacts,
    stageAdd: (contact, { message, ...one }) => ({
      ...stagedOps(tables.unread.put([contact, message], one)),
      // A sibling may have told that it was shown while this was written.
      publish: () => note(contact, (kept) => keep(kept, contact, { message, ...one })),
    }),
    stageRemove: (contact, messages) => ({
      ...stagedOps(...messages.map((message) => tables.unread.delete([contact, message]))),
      publish: () =>
        note(contact, ({ unread, shown }) => {
          for (const message of messages) {
            unread.delete(message)
            shown.delete(message)
          }
        }),
    }),
  }
}

function inOrder(
  messages: ReadonlyMap<MessageId, UnreadValue>,
  upTo: MessagePlace | undefined,
): readonly UnreadMessage[] {
  return [...messages]
    .map(([message, one]) => ({ message, ...one }))
    .filter((one) => !upTo || comparePlaces(one, upTo) <= 0)
    .sort(comparePlaces)
}

/** As a chat is listed: by time, then by id (DEL-6). */
export function comparePlaces(a: MessagePlace, b: MessagePlace): number {
  if (a.at !== b.at) return a.at - b.at
  return a.message < b.message ? -1 : Number(a.message > b.message)
}
