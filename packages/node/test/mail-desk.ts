/** What waits on one device of Ada's for devices of Ben's: index, outbox and carrying, without a network. */

import {
  type AccountId,
  contentCodec,
  type DeviceId,
  directChatId,
  type MessageId,
  messageIdOf,
} from '@kithmesh/protocol'
import { createEvents } from '@kithmesh/sync'
import { createTime, type Time } from '../../../test/scenarios/time.ts'
import type { DeviceLogEvents } from '../src/account/device-logs.ts'
import { openChats, type StoredContent } from '../src/chats.ts'
import type { Addressed } from '../src/delivery/addressed.ts'
import { createAddressing } from '../src/delivery/addressing.ts'
import { startCarrying } from '../src/delivery/carrying.ts'
import { openEntitlement } from '../src/delivery/entitlement.ts'
import { startExpiry } from '../src/delivery/expiry.ts'
import { createFanOut } from '../src/delivery/fan-out.ts'
import { startNewcomers } from '../src/delivery/newcomers.ts'
import { openOutbox } from '../src/delivery/outbox.ts'
import { createSettling } from '../src/delivery/settling.ts'
import { openUndelivered, type Undelivered } from '../src/delivery/undelivered.ts'
import type { PeerEvents } from '../src/greeting/peers.ts'
import { commitStaged } from '../src/staged.ts'
import { openContext, type TestContext } from './context.ts'
import { accountNamed, deviceNamed } from './people.ts'

export const [ADA, BEN]: readonly [AccountId, AccountId] = [accountNamed('a'), accountNamed('b')]
const CHAT = directChatId(ADA, BEN)

/** A desk that a test may open again on the same disk. */
export interface MailDesk {
  readonly context: TestContext
  readonly ben: AccountId
  readonly time: Time
  readonly undelivered: Undelivered
  readonly outbox: Awaited<ReturnType<typeof openOutbox>>
  /** Ben's devices, by their linking, are these from now on. */
  present(...devices: readonly Linked[]): void
  /** A device is here, of Ben's or of Ada's. */
  meet(device: DeviceId, account?: AccountId): void
  part(device: DeviceId, account?: AccountId): void
  hold(isHeld: boolean): void
  write(text: string): Promise<StoredContent>
  /** What this device's records say to its siblings of whom its contents are for (DEL-67). */
  readonly notes: readonly Addressed[]
  /** A sibling's record says so. */
  hearNotes(...notes: readonly Addressed[]): Promise<void>
  /** A content that came by the account log, written by another own device. */
  hear(text: string, from: DeviceId, at?: number): Promise<StoredContent>
  /** Some have it: by an ack, or by the account log. */
  reach(device: DeviceId, ...contents: readonly StoredContent[]): Promise<void>
  /** What is on its way to a device, by text, in its order. */
  queued(device: DeviceId): Promise<readonly string[]>
  /** All that waits, by text, in its order. */
  waiting(): Promise<readonly string[]>
}

/** A device, and when it was linked by its account's clock, ms since 1970 UTC; 0 if it does not matter. */
type Linked = DeviceId | readonly [DeviceId, number]

const linkedOf = (one: Linked): readonly [DeviceId, number] =>
  typeof one === 'string' ? [one, 0] : one

/** Opens a desk without sessions: what is written waits unsealed. */
export async function openMailDesk({
  home,
  time = createTime(),
  devices: first = [],
}: {
  /** A folder, when a test opens it again. */
  readonly home?: string
  readonly time?: Time
  /** Ben's devices at the start. */
  readonly devices?: readonly Linked[]
} = {}): Promise<MailDesk> {
  const { clock, scheduler } = time
  const context = await openContext({ clock, scheduler, ...(home ? { home } : {}) })
  const { store } = context
  let devices = first.map(linkedOf)
  let isHeld = false
  const logEvents = createEvents<DeviceLogEvents>()
  const peerEvents = createEvents<PeerEvents>()
  const logs = {
    events: logEvents,
    accounts: () => [BEN],
    devicesOf: (account: AccountId) => (account === BEN ? devices.map(([device]) => device) : []),
    standing: (_: AccountId, device: DeviceId) => {
      const linked = devices.find(([one]) => one === device)
      return linked && ({ addedAt: linked[1] } as never)
    },
  }
  const chats = openChats(context, ADA)
  const outbox = await openOutbox(context)
  const entitlement = await openEntitlement(context, { account: ADA, logs })
  const undelivered = await openUndelivered(context, { account: ADA, entitlement })
  const delivery = { stage: deliveryStage, recount: () => undefined }
  const onSibling = { stageForget: () => ({ ops: () => [] }) }
  const settle = createSettling({ delivery, outbox, undelivered, onSibling })
  const carrying = startCarrying(context, {
    account: ADA,
    undelivered,
    entitlement,
    outbox,
    peers: { events: peerEvents },
    isHeld: () => isHeld,
  })
  startNewcomers(context, { account: ADA, logs, entitlement, undelivered, delivery, carrying })
  startExpiry(context, { undelivered, outbox })
  const sessions = { has: async () => false, sealAll: async () => undefined }
  const { isCaughtUp } = carrying
  const fanOut = createFanOut({ logs, sessions, outbox, undelivered, isCaughtUp })
  const addressing = createAddressing(context, { account: ADA, chats, entitlement, undelivered })
  const notes: Addressed[] = []

  function deliveryStage(
    reached: readonly { readonly message: MessageId; readonly device: DeviceId }[],
  ) {
    return {
      ops: () =>
        reached.map(({ message, device }) => context.tables.reached.put([message, device], true)),
    }
  }

  async function textsOf(messages: readonly MessageId[]): Promise<readonly string[]> {
    const stored = await Promise.all(messages.map(chats.get))
    return stored.map((one) => (one?.content.body.kind === 'text' ? one.content.body.text : '?'))
  }

  return {
    context,
    ben: BEN,
    time,
    undelivered,
    outbox,
    present: (...now) => {
      devices = now.map(linkedOf)
      logEvents.emit('log:changed', { account: BEN, state: {} as never })
    },
    meet: (device, account = BEN) => peerEvents.emit('peer:known', { device, account }),
    part: (device, account = BEN) => peerEvents.emit('peer:gone', { device, account }),
    hold: (held) => {
      isHeld = held
      carrying.reconsider()
    },
    write: (text) =>
      chats.alone(CHAT, async () => {
        const stored = await chats.draft(CHAT, { kind: 'text', text })
        const { records, staged } = addressing.alongside([stored])
        for (const one of records) if (one.kind === 'addressed') notes.push(...one.addressed)
        const batch = [await chats.stage(stored), ...(await fanOut(BEN, [stored])), ...staged]
        await commitStaged(store, batch)
        return stored
      }),
    notes,
    hearNotes: async (...heard) => commitStaged(store, await addressing.take(heard)),
    hear: (text, from, at) => chats.alone(CHAT, async () => hearOne(text, from, at)),
    reach: async (device, ...contents) => {
      await commitStaged(store, await settle(contents.map(({ message }) => ({ message, device }))))
    },
    queued: async (device) => {
      const page = await outbox.pageFor(device, 0, 100_000)
      return textsOf(page.map(({ message }) => message))
    },
    waiting: () => textsOf(undelivered.inOrder(CHAT).map(({ message }) => message)),
  }

  async function hearOne(text: string, from: DeviceId, at?: number): Promise<StoredContent> {
    const draft = await chats.draft(CHAT, { kind: 'text', text })
    const author = { account: ADA, device: from }
    const content = { ...draft.content, author, at: at ?? draft.content.at }
    const bytes = contentCodec.encode(content)
    const stored = { message: messageIdOf(bytes), content, bytes }
    const staged = [await chats.stage(stored), ...(await undelivered.stageArrived([stored]))]
    await commitStaged(store, staged)
    return stored
  }
}

export const [PHONE, LAPTOP, SIBLING]: readonly [DeviceId, DeviceId, DeviceId] = [
  deviceNamed('p'),
  deviceNamed('l'),
  deviceNamed('s'),
]
