import { type AccountId, type ChatId, type DeviceId, directChatId } from '@kithmesh/protocol'
import type { DeviceLogs } from '../account/device-logs.ts'
import type { StoredContent } from '../chats.ts'
import type { DeviceContext } from '../context.ts'
import type { Staged } from '../staged.ts'
import { type Addressed, type Numbered, openAddressBook } from './addressed.ts'

/** A content as far as it matters whom it was written for. */
export interface Dated extends Numbered {
  /** The author's clock, ms since 1970 UTC. */
  readonly at: number
}

/** A content as far as it matters who is to have it. */
export interface Held extends Dated {
  readonly chat: ChatId
  /** Devices that have it. */
  readonly reached: readonly DeviceId[]
}

/** A content that some devices have. */
export function heldBy(reached: readonly DeviceId[], { content }: StoredContent): Held {
  const { chat, at, author, seq } = content
  return { chat, at, author: author.device, seq, reached }
}

/**
 * Which devices of a recipient are to get a content from us: those that were in its log when it was written,
 * and all as long as none has it. What is older than a device comes to it by its own siblings, if at all:
 * they may withhold it (DEL-18, HIS-6).
 */
export interface Entitlement {
  /** Whose chat with this account it is; undefined until the device log of the other is here. */
  recipientIn(chat: ChatId): AccountId | undefined
  /** Devices that still have to get it. */
  lacking(held: Held): readonly DeviceId[]
  /** Whether nobody has to get it any more. False while no device of the recipient is known. */
  isDone(held: Held): boolean
  /** Whether a device was a recipient when a content was written: by the date of that, or on its author's word. */
  isFor(account: AccountId, device: DeviceId, one: Dated): boolean
  /** For whom contents are that this device writes now, and that are dated as if they were for others (DEL-67). */
  misdated(written: readonly StoredContent[]): readonly Addressed[]
  /** This device's own notes, or those of siblings. They count from now on. */
  stageAddressed(notes: readonly Addressed[]): Staged
  /** Whether this device knows since when it has known the other. */
  isSeen(device: DeviceId): boolean
  seen(account: AccountId): readonly DeviceId[]
  /** A device of an account is in its log as this device sees it from now on. */
  stageSeen(account: AccountId, device: DeviceId): Staged
  /** It is out; should it come back, it is new. */
  stageForget(account: AccountId, device: DeviceId): Staged
}

/** Reads from the disk since when devices of contacts are known here. */
export async function openEntitlement(
  context: Pick<DeviceContext, 'tables' | 'clock' | 'device'>,
  {
    account: own,
    logs,
  }: {
    readonly account: AccountId
    readonly logs: Pick<DeviceLogs, 'accounts' | 'devicesOf' | 'standing'>
  },
): Promise<Entitlement> {
  const { tables, clock } = context
  const seenAt = new Map<DeviceId, number>()
  const devicesSeen = new Map<AccountId, Set<DeviceId>>()
  const accountsByChat = new Map<ChatId, AccountId>()
  const mapped = new Set<AccountId>()
  const addressed = await openAddressBook(context)
  for await (const [[account, device], at] of tables.firstSeen.entries()) note(account, device, at)

  function note(account: AccountId, device: DeviceId, at: number): void {
    seenAt.set(device, at)
    devicesSeen.set(account, (devicesSeen.get(account) ?? new Set()).add(device))
  }

  function recipientIn(chat: ChatId): AccountId | undefined {
    const known = accountsByChat.get(chat)
    if (known) return known
    for (const account of logs.accounts()) {
      if (!mapped.has(account)) accountsByChat.set(directChatId(own, account), account)
      mapped.add(account)
    }
    return accountsByChat.get(chat)
  }

  /** By its linking, or by when it came up here, which may be just now: the clocks of two accounts may be apart (E4). */
  function since(account: AccountId, device: DeviceId): number {
    const linkedAt = logs.standing(account, device)?.addedAt ?? 0
    return Math.min(linkedAt, seenAt.get(device) ?? clock.now())
  }

  /** The date tells it wherever clocks go forward; where one went back, its owner has noted it. */
  function isFor(account: AccountId, device: DeviceId, one: Dated): boolean {
    return one.at >= since(account, device) || addressed.has(device, one)
  }

  function lackingOf(
    held: Held,
    account: AccountId,
    devices: readonly DeviceId[],
  ): readonly DeviceId[] {
    const { reached } = held
    const hasNobody = !devices.some((device) => reached.includes(device))
    return devices.filter(
      (device) => !reached.includes(device) && (hasNobody || isFor(account, device, held)),
    )
  }

  function misdated(written: readonly StoredContent[]): readonly Addressed[] {
    const notes = new Map<DeviceId, Addressed>()
    for (const { content } of written) {
      const { chat, at, seq } = content
      const author = content.author.device
      const account = author === context.device ? recipientIn(chat) : undefined
      if (!account) continue
      for (const device of logs.devicesOf(account)) {
        if (notes.has(device) || isFor(account, device, { at, author, seq })) continue
        notes.set(device, { account, device, author, from: seq })
      }
    }
    return [...notes.values()]
  }

  function lacking(held: Held): readonly DeviceId[] {
    const account = recipientIn(held.chat)
    return account ? lackingOf(held, account, logs.devicesOf(account)) : []
  }

  function isDone(held: Held): boolean {
    const account = recipientIn(held.chat)
    const devices = account ? logs.devicesOf(account) : []
    return (
      account !== undefined && devices.length > 0 && lackingOf(held, account, devices).length === 0
    )
  }

  return {
    recipientIn,
    lacking,
    isDone,
    isFor,
    misdated,
    stageAddressed: addressed.stage,
    isSeen: (device) => seenAt.has(device),
    seen: (account) => [...(devicesSeen.get(account) ?? [])],
    stageSeen: (account, device) => {
      const at = clock.now()
      return {
        ops: () => [tables.firstSeen.put([account, device], at)],
        publish: () => note(account, device, at),
      }
    },
    stageForget: (account, device) => ({
      ops: () => [
        tables.firstSeen.delete([account, device]),
        ...addressed.forgetOps(account, device),
      ],
      publish: () => {
        addressed.forget(device)
        seenAt.delete(device)
        devicesSeen.get(account)?.delete(device)
      },
    }),
  }
}
