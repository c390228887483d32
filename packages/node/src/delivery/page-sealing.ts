import { directChatId, isKithError, type MessageId, type Party } from '@kithmesh/protocol'
import type { Chats, StoredContent } from '../chats.ts'
import type { DeviceContext } from '../context.ts'
import { commitStaged, type Staged } from '../staged.ts'
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
    readonly chats: Pick<Chats, 'get' | 'alone'>
    readonly sessions: Pick<Sessions, 'has' | 'seal' | 'handedOver'>
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
    const contents = await Promise.all(entries.map(({ message }) => readable(message)))
    const card = (await sessions.has(recipient)) ? undefined : await asking.card()
    const chat = directChatId(parts.account, recipient.account)
    return chats.alone(chat, async () => {
      await sessions.handedOver(recipient.device)
      requireIn()
      const envelopes = new Map<OutboxEntry, Uint8Array>()
      const steps: (readonly Staged[])[] = []
      try {
        for (const [at, entry] of entries.entries()) {
          const step = await sealOne(entry, contents[at], card, envelopes)
          if (step) steps.push(step)
        }
      } catch (error) {
        for (const one of steps.flat()) one.discard?.()
        throw error
      }
      // The newest step first: it has those before it in it, and the session is written once.
      await commitStaged(context.store, steps.reverse().flat())
      return envelopes
    })
  }

  /** One that the disk spoilt is passed over until it is healed: it must not hold up those behind it (E2). */
  async function readable(message: MessageId): Promise<StoredContent | undefined> {
    try {
      return await chats.get(message)
    } catch (error) {
      if (isKithError(error, 'ERR_STORE_CORRUPT')) return undefined
      throw error
    }
  }

  async function sealOne(
    entry: OutboxEntry,
    stored: StoredContent | undefined,
    card: Parameters<Sessions['seal']>[3],
    envelopes: Map<OutboxEntry, Uint8Array>,
  ): Promise<readonly Staged[] | undefined> {
    // A sibling may have been quicker: no key is spent on what is there.
    if (!stored || !outbox.isPresent(entry)) return undefined
    const sealed = await sessions.seal(recipient, stored.bytes, stored.content.chat, card)
    if (!sealed) onNoCard()
    return sealed?.stage((envelope) => {
      envelopes.set(entry, envelope)
      return outbox.stageSealed(entry, envelope)
    })
  }

  return { envelopesOf }
}
