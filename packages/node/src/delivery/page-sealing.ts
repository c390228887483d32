import { directChatId, isKithError, type MessageId, type Party } from '@kithmesh/protocol'
import type { Chats, StoredContent } from '../chats.ts'
import type { DeviceContext } from '../context.ts'
import { commitStaged } from '../staged.ts'
import type { CardAsking } from './card-asking.ts'
import type { Outbox, OutboxEntry } from './outbox.ts'
import type { UnderWay } from './refusals.ts'
import type { Sessions } from './sessions.ts'

/** Seals what waits for one device, when it is there to be handed over (DEL-24). */
export interface PageSealing {
  /**
   * The envelopes of some entries, in their order: those that are there, and new ones for the rest. Left out is
   * what was removed meanwhile, what cannot be sealed for want of a card, and what is not on the disk.
   *
   * @throws ERR_STORE_WRITE; whatever `requireIn` throws
   */
  envelopesOf(entries: readonly OutboxEntry[]): Promise<readonly UnderWay[]>
}

/** Sealing for one lane. */
export function createPageSealing(
  context: Pick<DeviceContext, 'store'>,
  parts: {
    readonly account: Party['account']
    readonly outbox: Pick<Outbox, 'isPresent' | 'stageSealed'>
    readonly chats: Pick<Chats, 'get' | 'getMany' | 'alone'>
    readonly sessions: Pick<Sessions, 'has' | 'sealAll' | 'handedOver'>
  },
  lane: {
    readonly recipient: Party
    readonly asking: Pick<CardAsking, 'card'>
    /** @throws when the device is out (DEL-22) */
    readonly requireIn: () => void
    /** Something was left unsealed for want of a card. */
    readonly onNoCard: () => void
  },
): PageSealing {
  const { outbox, chats, sessions } = parts
  const { recipient, asking, requireIn, onNoCard } = lane

  async function envelopesOf(entries: readonly OutboxEntry[]): Promise<readonly UnderWay[]> {
    const bare = entries.filter((entry) => !entry.envelope && outbox.isPresent(entry))
    const sealed = bare.length > 0 ? await seal(bare) : new Map<OutboxEntry, Uint8Array>()
    return entries.flatMap((entry) => {
      const envelope = entry.envelope ?? sealed.get(entry)
      return envelope && outbox.isPresent(entry) ? [{ entry, envelope }] : []
    })
  }

  async function seal(
    entries: readonly OutboxEntry[],
  ): Promise<ReadonlyMap<OutboxEntry, Uint8Array>> {
    const contents = await readable(entries.map(({ message }) => message))
    const card = (await sessions.has(recipient)) ? undefined : await asking.card()
    const chat = directChatId(parts.account, recipient.account)
    return chats.alone(chat, async () => {
      await sessions.handedOver(recipient.device)
      requireIn()
      // A sibling may have been quicker: no key is spent on what is there.
      const due = entries.flatMap((entry) => {
        const stored = contents.get(entry.message)
        return stored && outbox.isPresent(entry) ? [{ entry, stored }] : []
      })
      return due.length > 0 ? sealDue(due, card) : new Map()
    })
  }

  /** The session is written once, behind the last step. */
  async function sealDue(
    due: readonly Due[],
    card: Parameters<Sessions['sealAll']>[2],
  ): Promise<ReadonlyMap<OutboxEntry, Uint8Array>> {
    const envelopes = new Map<OutboxEntry, Uint8Array>()
    const copies = due.map(({ stored }) => ({ plaintext: stored.bytes, chat: stored.content.chat }))
    const sealed = await sessions.sealAll(recipient, copies, card)
    if (!sealed) onNoCard()
    const staged = sealed?.stage((envelope, at) => {
      const entry = due[at]?.entry
      if (!entry) return { ops: () => [] }
      envelopes.set(entry, envelope)
      return outbox.stageSealed(entry, envelope)
    })
    await commitStaged(context.store, staged ?? [])
    return envelopes
  }

  async function readable(
    messages: readonly MessageId[],
  ): Promise<ReadonlyMap<MessageId, StoredContent>> {
    try {
      return byMessage(await chats.getMany(messages))
    } catch (error) {
      if (!isKithError(error, 'ERR_STORE_CORRUPT')) throw error
      return byMessage(await Promise.all(messages.map(readableOne)))
    }
  }

  /** One that the disk spoilt is passed over until it is healed: it must not hold up those behind it (E2). */
  async function readableOne(message: MessageId): Promise<StoredContent | undefined> {
    try {
      return await chats.get(message)
    } catch (error) {
      if (isKithError(error, 'ERR_STORE_CORRUPT')) return undefined
      throw error
    }
  }

  return { envelopesOf }
}

/** An entry to seal, and what it holds. */
interface Due {
  readonly entry: OutboxEntry
  readonly stored: StoredContent
}

function byMessage(
  contents: readonly (StoredContent | undefined)[],
): ReadonlyMap<MessageId, StoredContent> {
  return new Map(contents.flatMap((stored) => (stored ? [[stored.message, stored]] : [])))
}
