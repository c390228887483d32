import type { AccountId } from '@kithmesh/protocol'
import type { EventSource } from '@kithmesh/sync'
import type { AccountState } from './account/account-state.ts'
import type { DeviceLogs } from './account/device-logs.ts'
import { type History, startHistory } from './account/history.ts'
import type { MessageRecord } from './account/log-contents.ts'
import type { NodeEvents } from './api/events.ts'
import type { Cards } from './cards.ts'
import type { Chats, StoredContent } from './chats.ts'
import type { Contacts } from './contacts/contacts.ts'
import type { DeviceContext } from './context.ts'
import { createAddressing } from './delivery/addressing.ts'
import { startCarrying } from './delivery/carrying.ts'
import type { Delivery } from './delivery/delivery.ts'
import { createDeliveryStates } from './delivery/delivery-states.ts'
import { startDrain } from './delivery/drain.ts'
import type { Entitlement } from './delivery/entitlement.ts'
import { startExpiry } from './delivery/expiry.ts'
import { createFanOut } from './delivery/fan-out.ts'
import { createFreshness } from './delivery/freshness.ts'
import { type GapRepair, startGapRepair } from './delivery/gap-repair.ts'
import { createInbox } from './delivery/inbox.ts'
import type { Mending } from './delivery/mending.ts'
import { startNewcomers } from './delivery/newcomers.ts'
import type { OnSibling } from './delivery/on-sibling.ts'
import type { Outbox } from './delivery/outbox.ts'
import { createIsShown, startReading } from './delivery/reading.ts'
import { createMayTell, startReceipts } from './delivery/receipts.ts'
import { startReceiving } from './delivery/receive.ts'
import type { Sessions } from './delivery/sessions.ts'
import { createSettling } from './delivery/settling.ts'
import type { Undelivered } from './delivery/undelivered.ts'
import { openUnread } from './delivery/unread.ts'
import { createWaitingContacts, type WaitingContacts } from './delivery/waiting-contacts.ts'
import { createWriting } from './delivery/writing.ts'
import type { Peers } from './greeting/peers.ts'
import { createMessages, type Messages } from './messages.ts'
import type { Staged } from './staged.ts'
import type { Starred } from './starred.ts'

/** Messages as this device lives with them: what a person does, and what goes on behind it. */
export interface Messaging {
  readonly messages: Messages
  readonly gaps: GapRepair
  readonly history: History
  /** Whose devices something waits for, and why. */
  readonly waiting: WaitingContacts
  /** Another account may be held now, or no longer (DEL-17). */
  reconsider(): void
}

/** What messaging stands on; all of it open. */
export interface MessagingParts {
  readonly account: AccountId
  readonly state: AccountState
  readonly logs: DeviceLogs
  readonly cards: Cards
  readonly peers: Peers
  readonly contacts: Contacts
  readonly chats: Chats
  readonly starred: Starred
  readonly sessions: Sessions
  readonly mending: Mending
  readonly outbox: Outbox
  readonly undelivered: Undelivered
  readonly entitlement: Entitlement
  readonly delivery: Delivery
  readonly onSibling: OnSibling
  readonly events: EventSource<NodeEvents>
}

/**
 * Wires the two funnels and what stands around them: content for another account leaves by the outbox and
 * enters by the inbox. Waits for nothing, so that no peer is missed (`open-account.ts`).
 */
export function startMessaging(context: DeviceContext, parts: MessagingParts): Messaging {
  const { account, state, logs, chats, contacts, events } = parts
  const { outbox, undelivered, entitlement, delivery, sessions, mending, peers, onSibling } = parts
  const { isHeld } = contacts.succession

  // Out, first half: what some device lacks goes to those that are here.
  const carried = { account, undelivered, entitlement, outbox, peers, isHeld }
  const carrying = startCarrying(context, carried)
  const { isCaughtUp } = carrying
  const fanOut = createFanOut({ logs, sessions, outbox, undelivered, isCaughtUp })
  const addressing = createAddressing(context, parts)
  const record = (contents: readonly StoredContent[], batch: readonly Staged[]): Promise<void> => {
    const { records, staged } = addressing.alongside(contents)
    return state.record([...contents.map(contentRecord), ...records], [...batch, ...staged])
  }
  const write = createWriting({ account, chats, fanOut, record })

  // What a person says, sees and has read.
  const states = createDeliveryStates(context, parts)
  const isShown = createIsShown(account, state.data)
  const unread = openUnread(context, isShown)
  const mayTell = createMayTell({ data: state.data, contacts })
  const receipts = startReceipts(context, { write, mayTell })
  const { data, edit } = state
  const read = { account, unread, isShown, receipts, delivery, contacts, data, edit }
  const reading = startReading(context, read)
  const { requireRoom } = undelivered
  const messages = createMessages(context, {
    ...parts,
    ...{ states, unread, reading, write, requireRoom },
  })

  // In.
  const inbox = createInbox(context, {
    account,
    chats,
    sessions,
    mending,
    noteFreshness: createFreshness(context, { own: account, logs, peers }),
    keep: (arrived, alongside) =>
      record(arrived, [...alongside, ...messages.stageArrivals(arrived)]),
  })
  startReceiving(context, { inbox, logs, sessions, isContact: contacts.isContact })

  // Out, second half: a lane to each device, and what its acks settle.
  const settle = createSettling({ delivery, outbox, undelivered, onSibling })
  const drain = startDrain(context, {
    ...{ account, outbox, logs, peers, isHeld, chats, sessions, settle, mending },
    recordReached: (reached, alongside) => state.record([{ kind: 'reached', reached }], alongside),
  })
  const history = startHistory({ ...carried, state, chats, messages, settle, addressing })
  startNewcomers(context, { ...carried, logs, delivery, carrying })
  startExpiry(context, { undelivered, outbox })

  const { exchanges } = state
  const metAt = (contact: AccountId): number | undefined => data.contacts.get(contact)?.addedAt
  const counted = { ...carried, logs, chats, contacts, exchanges, metAt }
  const gaps = startGapRepair(context, counted, events)

  return {
    messages,
    gaps,
    history,
    waiting: createWaitingContacts({ undelivered, chats, contacts, states }),
    reconsider: () => {
      drain.reconsider()
      carrying.reconsider()
      receipts.reconsider()
    },
  }
}

function contentRecord({ bytes }: StoredContent): MessageRecord {
  return { kind: 'content', content: bytes }
}
