import {
  type AccountId,
  contentCodec,
  directChatId,
  isKithError,
  messageIdOf,
} from '@kithmesh/protocol'
import type { AccountState, MessageRecord } from './account-state.ts'
import type { Chats, StoredContent } from './chats.ts'
import type { Contacts } from './contacts.ts'
import type { DeviceContext } from './context.ts'
import type { Delivery } from './delivery.ts'
import type { Messages } from './messages.ts'
import { commitStaged } from './staged.ts'

/**
 * Takes in what siblings sent and received: records of the messages lane of the account log. A
 * content counts the same whichever way it came; the second copy is seen as one.
 */
export function startHistory(
  context: DeviceContext,
  parts: {
    readonly account: AccountId
    readonly state: AccountState
    readonly chats: Chats
    readonly contacts: Contacts
    readonly delivery: Delivery
    readonly messages: Messages
  },
): void {
  const { account, chats, contacts } = parts

  parts.state.onRecord(async (record: MessageRecord) => {
    switch (record.kind) {
      case 'content':
        return takeContent(record.content)
      case 'reached':
        return commitStaged(context.store, [parts.delivery.stage(record.reached)])
    }
  })

  async function takeContent(bytes: Uint8Array): Promise<void> {
    const stored = readContent(bytes)
    if (!stored) return
    const durable = await chats.alone(stored.content.chat, async () => {
      if (await chats.has(stored.message)) return undefined
      const staged = [await chats.stage(stored), parts.messages.stageEvent(stored)]
      return { done: commitStaged(context.store, staged) }
    })
    await durable?.done
  }

  /** A sibling vouches for the author; the chat must still be that of this account and the author's. */
  function readContent(bytes: Uint8Array): StoredContent | undefined {
    try {
      const content = contentCodec.decode(bytes)
      const { author, chat } = content
      const fits =
        author.account === account
          ? contacts.ofChat(chat) !== undefined
          : chat === directChatId(account, author.account)
      return fits ? { message: messageIdOf(bytes), content, bytes } : undefined
    } catch (error) {
      if (isKithError(error)) return undefined
      throw error
    }
  }
}
