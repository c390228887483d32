import {
  type AccountId,
  type ChatId,
  contentCodec,
  decoded,
  directChatId,
  messageIdOf,
} from '@kithmesh/protocol'
import type { Chats, StoredContent } from '../chats.ts'
import type { Addressing } from '../delivery/addressing.ts'
import type { Settle } from '../delivery/settling.ts'
import type { Undelivered } from '../delivery/undelivered.ts'
import type { Messages } from '../messages.ts'
import { collectStaged, type Staged } from '../staged.ts'
import type { AccountState } from './account-state.ts'
import type { MessageRecord } from './log-contents.ts'

/** Authors whose chat is kept at hand. */
const MAX_AUTHORS = 1_024

/** What comes by the messages lane. */
export interface History {
  /** Stages what a record says as far as it is not here, and tells nobody: it was told of before (STO-49). */
  takeInAgain(record: MessageRecord): Promise<readonly Staged[]>
}

/**
 * Takes in what siblings sent and received: records of the messages lane of the account log. A
 * content counts the same whichever way it came; the second copy is seen as one.
 */
export function startHistory(parts: {
  readonly account: AccountId
  readonly state: AccountState
  readonly chats: Chats
  readonly messages: Messages
  readonly undelivered: Pick<Undelivered, 'stageArrived'>
  readonly settle: Settle
  readonly addressing: Pick<Addressing, 'take'>
}): History {
  const { account, chats } = parts
  /** With whoever wrote something: a history is thousands of contents of a few people. */
  const chatsByAuthor = new Map<AccountId, ChatId>()

  parts.state.onRecords((records) =>
    collectStaged(async (staged) => {
      const notes = records.flatMap((one) => (one.kind === 'addressed' ? one.addressed : []))
      if (notes.length > 0) staged.push(...(await parts.addressing.take(notes)))
      for (const [chat, contents] of byChat(records)) {
        staged.push(...(await chats.alone(chat, () => stageContents(contents))))
      }
      const reached = records.flatMap((one) => (one.kind === 'reached' ? one.reached : []))
      if (reached.length > 0) staged.push(...(await parts.settle(reached)))
    }),
  )

  /** Parents before their children, whichever device wrote them: then nothing has to wait for a parent. */
  function byChat(
    records: readonly MessageRecord[],
  ): ReadonlyMap<ChatId, readonly StoredContent[]> {
    const contents = records
      .flatMap((one) => (one.kind === 'content' ? (readContent(one.content) ?? []) : []))
      .sort((a, b) => a.content.at - b.content.at)
    return Map.groupBy(contents, ({ content }) => content.chat)
  }

  /** What came together is asked for and written together: a history is thousands of them. */
  async function stageContents(contents: readonly StoredContent[]): Promise<readonly Staged[]> {
    const fresh = await chats.lacking(contents)
    if (fresh.length === 0) return []
    return collectStaged(async (staged) => {
      staged.push(await chats.stageMany(fresh))
      // Any own device may hand it over, whichever wrote it (DEL-26).
      staged.push(...(await parts.undelivered.stageArrived(fresh)))
      staged.push(...parts.messages.stageArrivals(fresh))
    })
  }

  async function takeInAgain(record: MessageRecord): Promise<readonly Staged[]> {
    if (record.kind === 'reached') return parts.settle(record.reached)
    if (record.kind === 'addressed') return parts.addressing.take(record.addressed)
    const stored = readContent(record.content)
    if (!stored) return []
    return chats.alone(stored.content.chat, () =>
      collectStaged(async (staged) => {
        if (!(await chats.has(stored.message))) staged.push(await chats.stage(stored))
        staged.push(...(await parts.undelivered.stageArrived([stored])))
      }),
    )
  }

  /**
   * A sibling vouches for the author. Our own contents may come before the contact they were written
   * to; those of others must be in the chat of the two accounts.
   */
  function readContent(bytes: Uint8Array): StoredContent | undefined {
    const content = decoded(contentCodec, bytes)
    if (!content) return undefined
    const { author, chat } = content
    const fits = author.account === account || chat === chatWith(author.account)
    return fits ? { message: messageIdOf(bytes), content, bytes } : undefined
  }

  function chatWith(other: AccountId): ChatId {
    const chat = chatsByAuthor.get(other) ?? directChatId(account, other)
    // Siblings vouch for authors, so nobody fills it; who is named once more is hashed once more.
    if (chatsByAuthor.size < MAX_AUTHORS) chatsByAuthor.set(other, chat)
    return chat
  }

  return { takeInAgain }
}
