import { type AccountId, type Content, directChatId } from '@kithmesh/protocol'
import type { Chats, StoredContent } from '../chats.ts'
import { collectStaged, type Staged } from '../staged.ts'
import type { FanOut } from './fan-out.ts'

/**
 * Writes what this device says to a contact, a message or a receipt: content, sessions, outbox and the
 * record by which siblings learn of it are one batch. Resolves when it is on the disk.
 */
export type Write = (
  to: AccountId,
  body: Content['body'],
  /** What else belongs into the batch. */
  alongside: (stored: StoredContent) => readonly Staged[],
) => Promise<StoredContent>

/** One content after another in each chat (DEL-6). */
export function createWriting(parts: {
  readonly account: AccountId
  readonly chats: Chats
  readonly fanOut: FanOut
  /** Writes the record by which siblings learn of a content, and what belongs to it, in one batch. */
  readonly record: (stored: StoredContent, alongside: readonly Staged[]) => Promise<void>
}): Write {
  const { account, chats, fanOut, record } = parts
  return async (to, body, alongside) => {
    const chat = directChatId(account, to)
    const { stored, durable } = await chats.alone(chat, async () => {
      const stored = await chats.draft(chat, body)
      const staged = await collectStaged(async (all) => {
        all.push(await chats.stage(stored))
        all.push(...(await fanOut(to, stored)), ...alongside(stored))
      })
      return { stored, durable: record(stored, staged) }
    })
    await durable
    return stored
  }
}
