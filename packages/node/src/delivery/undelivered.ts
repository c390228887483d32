import {
  type AccountId,
  type ChatId,
  type Content,
  type DeviceId,
  directChatId,
  KithError,
  type MessageId,
} from '@kithmesh/protocol'
import { createEvents, type TypedEvents } from '@kithmesh/sync'
import type { StoredContent } from '../chats.ts'
import type { DeviceContext } from '../context.ts'
import type { Staged } from '../staged.ts'
import type { UndeliveredValue } from '../tables.ts'
import type { Reached } from './delivery.ts'
import { type Entitlement, heldBy } from './entitlement.ts'
import { createWaitingList, type WaitingEntry } from './waiting-list.ts'

/** A content of this account that some device of its recipient still has to get. */
export interface Waiting {
  readonly message: MessageId
  readonly chat: ChatId
  /** The author's clock, ms since 1970 UTC. */
  readonly at: number
  /** The own device that wrote it. */
  readonly author: DeviceId
  /** Its number among what that device wrote in the chat. */
  readonly seq: number
  /** A receipt: goes along, but counts for no limit, and ends quietly. */
  readonly isReceipt: boolean
}

/** `detail` by event name. */
export interface UndeliveredEvents {
  /** A content waits now that did not before. */
  'undelivered:added': Waiting
  /** A content waits now, or no longer: every device has it, or it ended. */
  'undelivered:changed': { readonly message: MessageId }
}

/** What waits this long ends undelivered (DEL-30). */
export const UNDELIVERED_LIFE_MS: number = 60 * 24 * 60 * 60 * 1000
/** Messages that may wait for one contact (DEL-31); some 300 bytes of memory each. */
const MAX_UNDELIVERED = 20_000

/**
 * The contents of this account that some device of the recipient lacks, whichever own device wrote them:
 * what to carry, what ends, and what a limit counts (DEL-24). It never lacks one that waits; it may hold one
 * that all have, until that is noticed.
 */
export interface Undelivered {
  readonly events: TypedEvents<UndeliveredEvents>
  isWaiting(message: MessageId): boolean
  /** When a content ends undelivered, ms since 1970 UTC. */
  expiresAt(content: Pick<Content, 'at'>): number
  /** Whether its time was over before every device had it. */
  hasEnded(stored: StoredContent): Promise<boolean>
  /** Messages that wait for a contact; receipts do not count. */
  countFor(contact: AccountId): number
  /** Messages that wait in all; receipts do not count. */
  size(): number
  /** Chats in which something waits. */
  chats(): readonly ChatId[]
  /** @throws ERR_OUTBOX_FULL */
  requireRoom(contact: AccountId): void
  /** What waits in a chat, dated `from` or later, by time. As it is now: later changes are not in it. */
  inOrder(chat: ChatId, from?: number): readonly Waiting[]
  /** Devices that have it. Asked of the disk once. */
  reachedBy(waiting: Waiting): Promise<readonly DeviceId[]>
  /** Whether nothing that this device wrote in a chat is on its way into the index. */
  isSettled(chat: ChatId): boolean
  /** A content this device writes now. */
  stageAdd(stored: StoredContent): Staged
  /** Contents that came by the account log, but for those whose time is over or that all have. */
  stageArrived(contents: readonly StoredContent[]): Promise<readonly Staged[]>
  /** In the batch that says who has them: what all have goes. */
  stageReached(reached: readonly Reached[]): Promise<Staged>
  stageRemove(waiting: readonly Waiting[]): Staged
}

/** Reads the index from the disk. */
export async function openUndelivered(
  context: DeviceContext,
  {
    account,
    entitlement,
    limit = MAX_UNDELIVERED,
  }: {
    readonly account: AccountId
    readonly entitlement: Entitlement
    readonly limit?: number
  },
): Promise<Undelivered> {
  const { tables, clock } = context
  const events = createEvents<UndeliveredEvents>()
  const list = createWaitingList()
  /** Own contents on their way to the disk, by chat. */
  const unsettled = new Map<ChatId, number>()
  /** Who has what by batches that are on their way: two lanes may reach the last two devices at once. */
  const told = new Map<MessageId, readonly DeviceId[]>()
  for await (const [[chat, at, message], value] of tables.undelivered.entries()) {
    list.add({ message, chat, at, ...value, reached: [], isRead: false })
  }

  const expiresAt = ({ at }: Pick<Content, 'at'>): number => at + UNDELIVERED_LIFE_MS
  const isOver = (content: Pick<Content, 'at'>): boolean => expiresAt(content) <= clock.now()

  async function load(entry: WaitingEntry): Promise<void> {
    if (!entry.isRead) list.note(entry, await readReached(entry.message))
    entry.isRead = true
  }

  async function readReached(message: MessageId): Promise<readonly DeviceId[]> {
    const reached: DeviceId[] = []
    for await (const [[, device]] of tables.reached.entries({ prefix: [message] })) {
      reached.push(device)
    }
    return reached
  }

  async function hasEnded(stored: StoredContent): Promise<boolean> {
    const { message, content } = stored
    if (content.author.account !== account || list.get(message) || !isOver(content)) return false
    return !entitlement.isDone(heldBy(await readReached(message), stored))
  }

  function requireRoom(contact: AccountId): void {
    if (list.countIn(directChatId(account, contact)) < limit) return
    throw new KithError('ERR_OUTBOX_FULL', 'too many messages wait for this contact', {
      hint: `At most ${limit} may wait. They leave as soon as a device of the contact is met.`,
    })
  }

  function stageAdd(stored: StoredContent): Staged {
    const { chat, author } = stored.content
    // What is written now has reached nobody: the disk need not be asked.
    const entry = { ...waitingOf(stored), reached: [], isRead: true }
    if (author.device !== context.device) return stagePut(entry)
    unsettled.set(chat, (unsettled.get(chat) ?? 0) + 1)
    let isOnItsWay = true
    const settle = (): void => {
      if (isOnItsWay) unsettled.set(chat, (unsettled.get(chat) ?? 1) - 1)
      isOnItsWay = false
    }
    const put = stagePut(entry)
    return {
      ...put,
      publish: () => {
        settle()
        put.publish?.()
      },
      discard: settle,
    }
  }

  async function stageArrived(contents: readonly StoredContent[]): Promise<readonly Staged[]> {
    const asked = contents.filter(
      ({ content, message }) =>
        content.author.account === account && !isOver(content) && !list.get(message),
    )
    // Records come newest first: who has it may have been heard before the content (HIS-2).
    const reachedBy = await readReachedBy(asked)
    return asked.flatMap((stored) => {
      const reached = reachedBy.get(stored.message) ?? []
      if (entitlement.isDone(heldBy(reached, stored))) return []
      return stagePut({ ...waitingOf(stored), reached, isRead: false })
    })
  }

  /** Which devices that are in have them: asked once for all. */
  async function readReachedBy(
    contents: readonly StoredContent[],
  ): Promise<ReadonlyMap<MessageId, readonly DeviceId[]>> {
    const asked = contents.flatMap((stored) =>
      entitlement.lacking(heldBy([], stored)).map((device) => [stored.message, device] as const),
    )
    const found = await tables.reached.getMany(asked)
    const reachedBy = new Map<MessageId, DeviceId[]>()
    for (const [at, [message, device]] of asked.entries()) {
      if (found[at] === undefined) continue
      const reached = reachedBy.get(message) ?? []
      reached.push(device)
      reachedBy.set(message, reached)
    }
    return reachedBy
  }

  function stagePut(entry: WaitingEntry): Staged {
    const { chat, at, message } = entry
    let isDone = false
    return {
      ops: () => {
        // Records of one batch, and of several that are on their way, may come in any order.
        isDone = isDoneNow(entry)
        return isDone ? [] : [tables.undelivered.put([chat, at, message], storedValue(entry))]
      },
      publish: () => {
        if (isDone || !list.add(entry)) return
        events.emit('undelivered:added', entry)
        events.emit('undelivered:changed', { message })
      },
    }
  }

  async function stageReached(reached: readonly Reached[]): Promise<Staged> {
    const entries = reached.flatMap(({ message }) => list.get(message) ?? [])
    for (const entry of entries) await load(entry)
    for (const { message, device } of reached) {
      told.set(message, [...(told.get(message) ?? []), device])
    }
    let done: readonly WaitingEntry[] = []
    return {
      ops: () => {
        done = entries.filter(isDoneNow)
        return done.map(deleteOp)
      },
      publish: () => {
        for (const { message, device } of reached) note(message, device)
        forget(reached)
        drop(done)
      },
      discard: () => forget(reached),
    }
  }

  function isDoneNow(entry: WaitingEntry): boolean {
    const reached = [...entry.reached, ...(told.get(entry.message) ?? [])]
    return entitlement.isDone({ ...entry, reached })
  }

  function note(message: MessageId, device: DeviceId): void {
    const entry = list.get(message)
    if (entry) list.note(entry, [device])
  }

  function forget(reached: readonly Reached[]): void {
    for (const { message, device } of reached) {
      const left = (told.get(message) ?? []).filter((other) => other !== device)
      if (left.length > 0) told.set(message, left)
      else told.delete(message)
    }
  }

  function stageRemove(waiting: readonly Waiting[]): Staged {
    return { ops: () => waiting.map(deleteOp), publish: () => drop(waiting) }
  }

  function deleteOp({ chat, at, message }: Waiting): ReturnType<typeof tables.undelivered.delete> {
    return tables.undelivered.delete([chat, at, message])
  }

  function drop(waiting: readonly Waiting[]): void {
    for (const { message } of waiting) {
      if (list.remove(message)) events.emit('undelivered:changed', { message })
    }
  }

  return {
    events,
    isWaiting: (message) => list.get(message) !== undefined,
    expiresAt,
    hasEnded,
    countFor: (contact) => list.countIn(directChatId(account, contact)),
    size: list.size,
    chats: list.chats,
    requireRoom,
    inOrder: list.inOrder,
    reachedBy: async ({ message }) => {
      const entry = list.get(message)
      if (!entry) return readReached(message)
      await load(entry)
      return entry.reached
    },
    isSettled: (chat) => (unsettled.get(chat) ?? 0) === 0,
    stageAdd,
    stageArrived,
    stageReached,
    stageRemove,
  }
}

function waitingOf({ message, content }: StoredContent): Waiting {
  const { chat, at, author, seq, body } = content
  return { message, chat, at, author: author.device, seq, isReceipt: body.kind === 'read' }
}

function storedValue({ author, seq, isReceipt }: Waiting): UndeliveredValue {
  return { author, seq, isReceipt }
}
