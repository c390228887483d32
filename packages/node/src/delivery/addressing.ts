import { type AccountId, directChatId, type MessageId } from '@kithmesh/protocol'
import type { MessageRecord } from '../account/log-contents.ts'
import type { Chats, StoredContent } from '../chats.ts'
import type { DeviceContext } from '../context.ts'
import { collectStaged, type Staged } from '../staged.ts'
import type { Addressed } from './addressed.ts'
import type { Entitlement } from './entitlement.ts'
import type { Undelivered } from './undelivered.ts'

/** Telling siblings whom contents were written for where the date does not (DEL-67). */
export interface Addressing {
  /** What goes with contents this device writes, into their record and their batch; mostly nothing. */
  alongside(written: readonly StoredContent[]): {
    readonly records: readonly MessageRecord[]
    readonly staged: readonly Staged[]
  }
  /** A sibling has told; to be called before contents of the same records are staged. */
  take(notes: readonly Addressed[]): Promise<readonly Staged[]>
}

/** Contents looked up together. */
const PAGE = 256

/** Of one account. */
export function createAddressing(
  { tables }: Pick<DeviceContext, 'tables'>,
  parts: {
    readonly account: AccountId
    readonly chats: Pick<Chats, 'getMany'>
    readonly entitlement: Pick<Entitlement, 'misdated' | 'stageAddressed'>
    readonly undelivered: Pick<Undelivered, 'stageArrived'>
  },
): Addressing {
  const { account: own, chats, entitlement, undelivered } = parts

  function alongside(written: readonly StoredContent[]): ReturnType<Addressing['alongside']> {
    const addressed = entitlement.misdated(written)
    if (addressed.length === 0) return { records: [], staged: [] }
    const records = [{ kind: 'addressed', addressed }] as const
    return { records, staged: [entitlement.stageAddressed(addressed)] }
  }

  function take(notes: readonly Addressed[]): Promise<readonly Staged[]> {
    return collectStaged(async (staged) => {
      staged.push(entitlement.stageAddressed(notes))
      for (const note of notes) staged.push(...(await stageEarlier(note)))
    })
  }

  /** Records come newest first: contents that came before the note count as waiting only now. */
  async function stageEarlier({ account, author, from }: Addressed): Promise<readonly Staged[]> {
    const by = [directChatId(own, account), own, author] as const
    const messages: MessageId[] = []
    const range = { prefix: by, gte: [...by, from] } as const
    for await (const [, { message }] of tables.numbers.entries(range)) messages.push(message)
    return collectStaged(async (staged) => {
      for (let at = 0; at < messages.length; at += PAGE) {
        const here = await chats.getMany(messages.slice(at, at + PAGE))
        staged.push(...(await undelivered.stageArrived(here)))
      }
    })
  }

  return { alongside, take }
}
