import { type AccountId, type ChatId, directChatId, type MessageId } from '@kithmesh/protocol'
import type { AccountData } from '@kithmesh/sync'
import type { AccountState } from '../account/account-state.ts'
import type { StoredContent } from '../chats.ts'
import type { Contacts } from '../contacts/contacts.ts'
import type { DeviceContext } from '../context.ts'
import { codeOf } from '../faults.ts'
import { commitStaged, type Staged } from '../staged.ts'
import type { Delivery } from './delivery.ts'
import { type Receipts, tellsWhatIsRead } from './receipts.ts'
import { comparePlaces, type MessagePlace, type Unread } from './unread.ts'

/** How a content came here: from a device of the contact, or by the account log. */
export type Way = 'contact' | 'sibling'

/** What was read, here and on siblings, and what contacts say they have read. */
export interface Reading {
  /** What belongs into the batch of a content that arrives. */
  stageArrival(stored: StoredContent, way: Way): Staged
  /** The person has seen what `contact` wrote; up to a message, or all. */
  markRead(contact: AccountId, upTo?: MessagePlace): Promise<void>
}

/** Messages marked in one batch. */
const MAX_MARKED = 1_024

/**
 * Reading in one account. How far a chat was read stands in the account data; which messages are unread
 * stands beside it, since one that comes late is dated before what was read, and is new all the same.
 */
export function startReading(
  context: DeviceContext,
  parts: {
    readonly account: AccountId
    readonly unread: Unread
    readonly receipts: Pick<Receipts, 'stageOwed' | 'stageTold'>
    readonly delivery: Pick<Delivery, 'stageRead'>
    readonly contacts: Pick<Contacts, 'ofChat'>
    readonly data: Pick<AccountData, 'chats' | 'settings' | 'events'>
    readonly edit: AccountState['edit']
  },
): Reading {
  const { store, logger, signal } = context
  const { account, unread, receipts, delivery, contacts, data } = parts
  const marks = new Map(data.chats.list().map(({ chat, readUpTo }) => [chat, readUpTo]))

  data.events.addEventListener(
    'chat:changed',
    ({ detail: { chat, readUpTo } }) => {
      // Archived, muted or the like: nothing was read by that.
      if (readUpTo === undefined || readUpTo.message === marks.get(chat)?.message) return
      marks.set(chat, readUpTo)
      follow(chat, readUpTo).catch((error: unknown) => {
        if (!signal.aborted) {
          logger.warn('what was read on a sibling is new here still', { code: codeOf(error) })
        }
      })
    },
    { signal },
  )

  /** A sibling has read up to here, and tells the contact. */
  async function follow(chat: ChatId, upTo: MessagePlace): Promise<void> {
    const contact = contacts.ofChat(chat)
    if (!contact) return
    const messages = (await unread.list(contact, upTo)).map(({ message }) => message)
    if (messages.length > 0) await commitStaged(store, [unread.stageRemove(contact, messages)])
  }

  function stageArrival(stored: StoredContent, way: Way): Staged {
    const { author, body } = stored.content
    const isOwn = author.account === account
    switch (body.kind) {
      case 'text':
        return isOwn ? NOTHING : stageText(stored, way)
      case 'read':
        return isOwn
          ? stageTold(stored.content.chat, body.messages)
          : delivery.stageRead(author, body.messages, stored.content.at)
    }
  }

  /**
   * History that a sibling brings has been read as far as the mark goes. What comes from the contact has
   * been seen by nobody, though it may be dated before what was read: it was on its way longer.
   */
  function stageText({ message, content }: StoredContent, way: Way): Staged {
    const one: MessagePlace = { message, at: content.at }
    const mark = way === 'sibling' ? data.chats.readMark(content.chat) : undefined
    const isRead = mark !== undefined && comparePlaces(one, mark) <= 0
    return isRead ? NOTHING : unread.stageAdd(content.author.account, one)
  }

  /** A sibling's receipt: the person has read these there, and their author is told already. */
  function stageTold(chat: ChatId, messages: readonly MessageId[]): Staged {
    const contact = contacts.ofChat(chat)
    if (!contact) return NOTHING
    return joined([unread.stageRemove(contact, messages), receipts.stageTold(contact, messages)])
  }

  async function markRead(contact: AccountId, upTo?: MessagePlace): Promise<void> {
    const seen = await unread.list(contact, upTo)
    const newest = seen.at(-1)
    if (!newest) return
    for (let from = 0; from < seen.length; from += MAX_MARKED) {
      const messages = seen.slice(from, from + MAX_MARKED).map(({ message }) => message)
      const owed = tellsWhatIsRead(data) ? [receipts.stageOwed(contact, messages)] : []
      await commitStaged(store, [unread.stageRemove(contact, messages), ...owed])
    }
    await moveMark(directChatId(account, contact), newest)
  }

  async function moveMark(chat: ChatId, upTo: MessagePlace): Promise<void> {
    const mark = data.chats.readMark(chat)
    // What came late was dated before the mark, which stays where it is.
    if (mark && comparePlaces(upTo, mark) <= 0) return
    // Our own mark is no news here: what came meanwhile, and is dated before it, nobody has seen.
    marks.set(chat, upTo)
    await parts.edit(() => data.chats.markRead(chat, { by: context.device, upTo }))
  }

  return { stageArrival, markRead }
}

const NOTHING: Staged = { ops: () => [] }

function joined(staged: readonly Staged[]): Staged {
  return {
    ops: () => staged.flatMap((one) => one.ops()),
    publish: () => {
      for (const one of staged) one.publish?.()
    },
    discard: () => {
      for (const one of staged) one.discard?.()
    },
  }
}
