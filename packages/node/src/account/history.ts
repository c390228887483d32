import {
  type AccountId,
  contentCodec,
  decoded,
  directChatId,
  messageIdOf,
} from '@kithmesh/protocol'
import type { Chats, StoredContent } from '../chats.ts'
import type { Delivery } from '../delivery/delivery.ts'
import type { Messages } from '../messages.ts'
import type { Staged } from '../staged.ts'
import type { AccountState } from './account-state.ts'
import type { MessageRecord } from './log-contents.ts'

/**
 * Takes in what siblings sent and received: records of the messages lane of the account log. A
 * content counts the same whichever way it came; the second copy is seen as one.
 */
export function startHistory(parts: {
  readonly account: AccountId
  readonly state: AccountState
  readonly chats: Chats
  readonly delivery: Delivery
  readonly messages: Messages
}): void {
  const { account, chats } = parts

  parts.state.onRecords(async (records) => {
    const staged: Staged[] = []
    for (const record of records) staged.push(...(await stageRecord(record)))
    return staged
  })

  async function stageRecord(record: MessageRecord): Promise<readonly Staged[]> {
    switch (record.kind) {
      case 'content':
        return stageContent(record.content)
      case 'reached':
        return [parts.delivery.stage(record.reached)]
    }
  }

  async function stageContent(bytes: Uint8Array): Promise<readonly Staged[]> {
    const stored = readContent(bytes)
    if (!stored) return []
    return chats.alone(stored.content.chat, async () =>
      (await chats.has(stored.message))
        ? []
        : [await chats.stage(stored), parts.messages.stageEvent(stored)],
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
    const fits = author.account === account || chat === directChatId(account, author.account)
    return fits ? { message: messageIdOf(bytes), content, bytes } : undefined
  }
}
