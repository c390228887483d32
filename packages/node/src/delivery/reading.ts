import {
  type AccountId,
  type ChatId,
  type DeviceId,
  directChatId,
  type MessageId,
} from '@kithmesh/protocol'
import {
  type AccountData,
  differenceRanges,
  includesNumber,
  type Range,
  type RangeSet,
  rangesOf,
  unionRanges,
} from '@kithmesh/sync'
import type { AccountState } from '../account/account-state.ts'
import type { StoredContent } from '../chats.ts'
import type { Contacts } from '../contacts/contacts.ts'
import type { DeviceContext } from '../context.ts'
import { codeOf } from '../faults.ts'
import { commitStaged, type Staged, stagedOps } from '../staged.ts'
import type { Op } from '../store/store-types.ts'
import type { Delivery } from './delivery.ts'
import { RECEIPTS, type Receipts, tellsWhatIsRead } from './receipts.ts'
import type { IsShown, MessagePlace, Unread, UnreadMessage } from './unread.ts'

/** What was read, here and on siblings, and what contacts say they have read. */
export interface Reading {
  /** What belongs into the batch of a content that arrives. */
  stageArrival(stored: StoredContent): Staged
  /** The person has seen what `contact` wrote; up to a message, or all. */
  markRead(contact: AccountId, upTo?: MessagePlace): Promise<void>
}

/** Messages marked in one batch. */
const MAX_MARKED = 1_024

/**
 * Whether something of a contact was shown, on any own device: by its number among what its author wrote, which is
 * signed with it and the same everywhere. No clock has a part in it, and it does not matter which way what came when.
 */
export function createIsShown(account: AccountId, { chats }: Pick<AccountData, 'chats'>): IsShown {
  return (contact, { author, number }) =>
    includesNumber(chats.readNumbers(directChatId(account, contact), author), number)
}

/**
 * Reading in one account. What was shown stands in the account data. Which messages are unread stands beside it, and
 * follows from it: what is here and was shown nowhere.
 */
export function startReading(
  context: DeviceContext,
  parts: {
    readonly account: AccountId
    readonly unread: Unread
    readonly isShown: IsShown
    readonly receipts: Pick<Receipts, 'stageOwed' | 'stageTold'>
    readonly delivery: Pick<Delivery, 'stageRead'>
    readonly contacts: Pick<Contacts, 'ofChat'>
    readonly data: Pick<AccountData, 'chats' | 'settings' | 'events'>
    readonly edit: AccountState['edit']
  },
): Reading {
  const { store, tables, logger, signal } = context
  const { account, unread, isShown, receipts, delivery, contacts, data } = parts

  data.events.addEventListener(
    'chat:read',
    ({ detail: { chat } }) => {
      const contact = contacts.ofChat(chat)
      // As the setting is now: who is not told of a message is not told later either (DEL-47).
      if (contact) void follow(contact, tellsWhatIsRead(data))
    },
    { signal },
  )
  data.events.addEventListener(
    'setting:changed',
    ({ detail: { key } }) => {
      // Whatever it is now: in between it may have been off.
      if (key === RECEIPTS) void forgetAllShown()
    },
    { signal },
  )
  tellLeft().catch(() => {
    if (!signal.aborted) logger.warn('siblings are not told yet of what was read')
  })

  /** A sibling has shown more of a chat, and tells the contact; so do we, if we show it before that is done (DEL-68). */
  async function follow(contact: AccountId, tells: boolean): Promise<void> {
    try {
      const messages = await unread.noteShown(contact)
      if (!tells) await forget(contact, messages)
    } catch (error) {
      if (!signal.aborted) {
        logger.warn('what was read on a sibling is new here still', { code: codeOf(error) })
      }
    }
  }

  /** Nobody is told any more of what siblings have shown until now. */
  async function forgetAllShown(): Promise<void> {
    try {
      for (const contact of await unread.contacts()) {
        const shown = await unread.listShown(contact)
        const messages = shown.map(({ message }) => message)
        await forget(contact, messages)
      }
    } catch (error) {
      if (!signal.aborted) {
        logger.warn('what siblings have shown is not forgotten yet', { code: codeOf(error) })
      }
    }
  }

  async function forget(contact: AccountId, messages: readonly MessageId[]): Promise<void> {
    if (messages.length > 0) await commitStaged(store, [unread.stageRemove(contact, messages)])
  }

  function stageArrival(stored: StoredContent): Staged {
    const { author, body } = stored.content
    const isOwn = author.account === account
    switch (body.kind) {
      case 'text':
        return isOwn ? NOTHING : stageText(stored)
      case 'read':
        return isOwn
          ? stageTold(stored.content.chat, body.messages)
          : delivery.stageRead(author, body.messages, stored.content.at)
    }
  }

  /** History is as new as the siblings say; what comes late was shown to nobody, whatever its date. */
  function stageText({ message, content: { author, seq, at } }: StoredContent): Staged {
    const one = { message, at, author: author.device, number: seq }
    return isShown(author.account, one) ? NOTHING : unread.stageAdd(author.account, one)
  }

  /** A sibling's receipt: the person has read these there, and their author is told already. */
  function stageTold(chat: ChatId, messages: readonly MessageId[]): Staged {
    const contact = contacts.ofChat(chat)
    if (!contact) return NOTHING
    return joined([unread.stageRemove(contact, messages), receipts.stageTold(contact, messages)])
  }

  async function markRead(contact: AccountId, upTo?: MessagePlace): Promise<void> {
    const seen = await unread.list(contact, upTo)
    for (const page of pagesOf(seen)) {
      const untold = stagedOps(...page.map((one) => untoldOp(contact, one)))
      await commitStaged(store, [...stageShown(contact, page), untold])
    }
    for (const page of pagesOf(await unread.listShown(contact, upTo))) {
      await commitStaged(store, stageShown(contact, page))
    }
    if (seen.length > 0) await tellSiblings(contact)
  }

  function stageShown(contact: AccountId, page: readonly UnreadMessage[]): readonly Staged[] {
    const messages = page.map(({ message }) => message)
    const owed = tellsWhatIsRead(data) ? [receipts.stageOwed(contact, messages)] : []
    return [unread.stageRemove(contact, messages), ...owed]
  }

  function untoldOp(contact: AccountId, { author, number }: UnreadMessage): Op {
    return tables.untoldReads.put([contact, author, number], true)
  }

  /** What an earlier run has shown, and could not tell any more. */
  async function tellLeft(): Promise<void> {
    const left = new Set<AccountId>()
    for await (const [[contact]] of tables.untoldReads.entries()) left.add(contact)
    for (const contact of left) await tellSiblings(contact)
  }

  async function tellSiblings(contact: AccountId): Promise<void> {
    const chat = directChatId(account, contact)
    const keys: (readonly [AccountId, DeviceId, number])[] = []
    for await (const [key] of tables.untoldReads.entries({ prefix: [contact] })) keys.push(key)
    const shown = await Promise.all(
      [...Map.groupBy(keys, ([, author]) => author)].map(async ([author, of]) => {
        const numbers = rangesOf(of.map(([, , number]) => number))
        return { author, numbers: await withThoseBetween(contact, { author, numbers }) }
      }),
    )
    const by = context.device
    await parts.edit(() => {
      for (const one of shown) data.chats.markRead(chat, { by, ...one })
    })
    await store.commit(keys.map((key) => tables.untoldReads.delete(key)))
  }

  /**
   * Receipts count among what an author writes, and are shown to nobody: they join what stands around them, so that a
   * chat that was read is one run of numbers. What is unread between, or not here, stays out.
   */
  async function withThoseBetween(
    contact: AccountId,
    { author, numbers }: { readonly author: DeviceId; readonly numbers: RangeSet },
  ): Promise<RangeSet> {
    const chat = directChatId(account, contact)
    const known = unionRanges(data.chats.readNumbers(chat, author), numbers)
    const held: number[] = []
    for (const { from, to } of gapsBelow(known, numbers)) {
      const by = [chat, contact, author] as const
      const range = { prefix: by, gte: [...by, from], lte: [...by, to] } as const
      for await (const [[, , , number]] of tables.numbers.entries(range)) held.push(number)
    }
    const left = (await unread.list(contact)).filter((one) => one.author === author)
    const unreadNumbers = rangesOf(left.map(({ number }) => number))
    return unionRanges(numbers, differenceRanges(rangesOf(held), unreadNumbers))
  }

  return { stageArrival, markRead }
}

function pagesOf(messages: readonly UnreadMessage[]): readonly (readonly UnreadMessage[])[] {
  const pages: (readonly UnreadMessage[])[] = []
  for (let from = 0; from < messages.length; from += MAX_MARKED) {
    pages.push(messages.slice(from, from + MAX_MARKED))
  }
  return pages
}

/** What lies right below each run that has one of `numbers` in it. */
function gapsBelow(known: RangeSet, numbers: RangeSet): RangeSet {
  const gaps: Range[] = []
  let last = 0
  for (const { from, to } of known) {
    const isFresh = numbers.some((one) => one.from >= from && one.to <= to)
    if (isFresh && from > last + 1) gaps.push({ from: last + 1, to: from - 1 })
    last = to
  }
  return gaps
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
