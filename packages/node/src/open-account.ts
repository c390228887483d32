import type { AccountId, DeviceId } from '@kithmesh/protocol'
import type { EventSource } from '@kithmesh/sync'
import { type AccountState, openAccountState } from './account/account-state.ts'
import { createDeviceLogExport, type DeviceLogExport } from './account/device-log-export.ts'
import type { DeviceLogs } from './account/device-logs.ts'
import { createDevices, type Devices } from './account/devices.ts'
import { startHistory } from './account/history.ts'
import { type HistoryProgress, openHistoryProgress } from './account/history-progress.ts'
import type { MessageRecord } from './account/log-contents.ts'
import { startSiblings } from './account/siblings.ts'
import { openAddresses } from './addresses.ts'
import type { Device } from './api/devices.ts'
import type { NodeEvents } from './api/events.ts'
import type { Message } from './api/messages.ts'
import type { CallOptions } from './api/options.ts'
import type { Status } from './api/status.ts'
import { openCards } from './cards.ts'
import { openChats, type StoredContent } from './chats.ts'
import { ACCOUNT_NAME, type Contacts, createContacts } from './contacts/contacts.ts'
import { createInvites, type Invites } from './contacts/invites.ts'
import { createSecurityCodes, type SecurityCodes } from './contacts/security-codes.ts'
import type { DeviceContext } from './context.ts'
import { startCarrying } from './delivery/carrying.ts'
import { openDelivery } from './delivery/delivery.ts'
import { createDeliveryStates } from './delivery/delivery-states.ts'
import { startDrain } from './delivery/drain.ts'
import { openEntitlement } from './delivery/entitlement.ts'
import { startExpiry } from './delivery/expiry.ts'
import { createFanOut } from './delivery/fan-out.ts'
import { createFreshness } from './delivery/freshness.ts'
import { type GapRepair, startGapRepair } from './delivery/gap-repair.ts'
import { createInbox } from './delivery/inbox.ts'
import { createMending } from './delivery/mending.ts'
import { startNewcomers } from './delivery/newcomers.ts'
import { openOnSibling } from './delivery/on-sibling.ts'
import { openOutbox } from './delivery/outbox.ts'
import { startReading } from './delivery/reading.ts'
import { createMayTell, startReceipts } from './delivery/receipts.ts'
import { startReceiving } from './delivery/receive.ts'
import { openSessions } from './delivery/sessions.ts'
import { createSettling } from './delivery/settling.ts'
import { openUndelivered } from './delivery/undelivered.ts'
import { openUnread } from './delivery/unread.ts'
import { createWaitingContacts } from './delivery/waiting-contacts.ts'
import { createWriting } from './delivery/writing.ts'
import { endAll } from './ending.ts'
import { startCardRotation } from './greeting/card-rotation.ts'
import { startPeers } from './greeting/peers.ts'
import { startHealing } from './healing/healing.ts'
import { damageNow } from './healing/noticing.ts'
import { type AllowHistory, createAllowHistory } from './linking/history-allowance.ts'
import { createApproveHistory, openHistoryApprovals } from './linking/history-approvals.ts'
import { createDeviceLinker, type DeviceLinker } from './linking/link-device.ts'
import { createMessages, type Messages } from './messages.ts'
import { type ChatList, createChatList } from './preferences/chat-list.ts'
import { createLabels, type Labels } from './preferences/labels.ts'
import { createSettings, type Settings } from './preferences/settings.ts'
import { type Recovery, startRecovery } from './recovery/recovery.ts'
import type { Staged } from './staged.ts'
import { openAccountEpochs } from './standing/account-epochs.ts'
import { type Alerts, openAlerts } from './standing/alerts.ts'
import { createDropping } from './standing/dropping.ts'
import { createEpochHandover } from './standing/epoch-handover.ts'
import { watchIdle } from './standing/idle.ts'
import { createLogIntake } from './standing/log-intake.ts'
import { followOwnLog, shareEpochs } from './standing/own-log.ts'
import { createStanding, type Standing } from './standing/standing.ts'
import { openWatchDays } from './standing/watch-days.ts'
import { createStarred, type Starred } from './starred.ts'

/** An account as this device lives in it: the rooms, wired. */
export interface OpenAccount {
  readonly account: AccountId
  readonly contacts: Contacts & Invites & SecurityCodes
  readonly devices: Devices
  readonly deviceLog: DeviceLogExport
  readonly messages: Messages
  readonly gaps: GapRepair
  readonly history: HistoryProgress & { readonly allow: AllowHistory }
  readonly starred: Starred
  readonly chatList: ChatList
  readonly labels: Labels
  readonly settings: Settings
  readonly recovery: Recovery
  starredMessages(options?: CallOptions): Promise<readonly Message[]>
  readonly linker: DeviceLinker
  readonly standing: Standing
  readonly alerts: Alerts
  /** Lets a device that was linked from afar have the history now. */
  approveHistory(device: DeviceId, options?: CallOptions): Promise<Device>
  status(options?: CallOptions): Promise<Status>
  /** Resolves when this account should be opened anew: what it could not read it can now. */
  readonly healed: Promise<void>
  /** Writes what still waits to be written. */
  close(): Promise<void>
}

/** Opens the account whose log, epochs and data stand on this device's disk, and starts its work. */
export async function openAccount(
  context: DeviceContext,
  { account, logs }: { readonly account: AccountId; readonly logs: DeviceLogs },
  events: EventSource<NodeEvents>,
): Promise<OpenAccount> {
  const cards = await openCards(context)
  const addresses = await openAddresses(context)
  const epochs = await openAccountEpochs(context, { account, logs })
  const state = await openAccountState(context, { account, logs, epochs })
  const chats = openChats(context, account)
  const outbox = await openOutbox(context)
  const entitlement = await openEntitlement(context, { account, logs })
  const undelivered = await openUndelivered(context, { account, entitlement })
  const delivery = openDelivery(context, logs)
  const sessions = openSessions(context, { account, logs, cards })
  const mending = createMending(context, { account, logs, chats, sessions, outbox })
  const kept = { account, logs, cards, addresses, sessions, outbox, delivery, entitlement }
  const dropping = createDropping(context, kept)
  const intake = createLogIntake(context, { account, logs, epochs, dropping })

  const contacts = createContacts(context, { account, state, logs, events })
  const starred = createStarred(context, { state, chats, events })
  const labels = createLabels(context, { account, state, contacts, chats, events })
  const settings = createSettings(context, { state, events })
  const chatList = createChatList(context, { account, state, contacts, settings, events })
  const { isWaiting, requireRoom } = undelivered
  const { exchanges } = state
  const onSibling = await openOnSibling(context, { account, logs, exchanges, isWaiting })
  const approvals = await openHistoryApprovals(context, { account, log: state.log, logs })
  const progress = await openHistoryProgress(context, { state, approvals, events })
  const watch = await openWatchDays(context, { account, state, logs })
  const alerts = await openAlerts(context, { account, state, logs, events })
  const isContact = contacts.isContact
  // From here on peers come: who is to hear of them is there before anything waits again.
  const handover = createEpochHandover(context, { account, ring: epochs.ring, cards })
  const known = { account, logs, intake, handover, cards, addresses, isContact }
  const peers = startPeers(context, known)
  startCardRotation(context, { cards, peers })
  shareEpochs(context, { account, logs, ring: epochs.ring, peers })
  const { isHeld } = contacts.succession
  const carried = { account, undelivered, entitlement, outbox, peers, isHeld }
  const carrying = startCarrying(context, carried)
  const { isCaughtUp } = carrying
  const fanOut = createFanOut({ logs, sessions, outbox, undelivered, isCaughtUp })
  const told = {
    account,
    logs,
    delivery,
    entitlement,
    undelivered,
    onSibling,
    contacts,
    sessions,
    cards,
  }
  const states = createDeliveryStates(context, told)
  const record = (stored: StoredContent, alongside: readonly Staged[]): Promise<void> =>
    state.record([contentRecord(stored)], alongside)
  const write = createWriting({ account, chats, fanOut, record })
  const unread = openUnread(context)
  const mayTell = createMayTell({ data: state.data, contacts })
  const receipts = startReceipts(context, { write, mayTell })
  const reads = {
    account,
    unread,
    receipts,
    delivery,
    contacts,
    data: state.data,
    edit: state.edit,
  }
  const reading = startReading(context, reads)
  const said = { states, onSibling, unread, reading, write, requireRoom }
  const messages = createMessages(context, { account, chats, contacts, starred, events, ...said })
  const inbox = createInbox(context, {
    account,
    chats,
    sessions,
    mending,
    noteFreshness: createFreshness(context, { own: account, logs, peers }),
    keep: (stored, alongside) =>
      record(stored, [...alongside, ...messages.stageArrivals([stored], 'contact')]),
  })
  startReceiving(context, { inbox, logs, sessions, isContact })
  const settle = createSettling({ delivery, outbox, undelivered, onSibling })
  const drain = startDrain(context, {
    account,
    outbox,
    logs,
    peers,
    isHeld,
    chats,
    sessions,
    settle,
    mending,
    recordReached: (reached, alongside) => state.record([{ kind: 'reached', reached }], alongside),
  })
  const history = startHistory({ account, state, chats, messages, undelivered, settle })
  startNewcomers(context, { ...carried, logs, delivery, carrying })
  startExpiry(context, { undelivered, outbox })
  const metAt = (contact: AccountId): number | undefined =>
    state.data.contacts.get(contact)?.addedAt
  const counted = { ...carried, logs, chats, contacts, exchanges, metAt }
  const gaps = startGapRepair(context, counted, events)
  const mended = gaps.recheck
  startHealing(context, { account, state, logs, takeIn: history.takeInAgain, mended, events })
  // Accepted, verified or replaced, here or on a sibling: what waits goes on, or stays (DEL-17).
  state.data.events.addEventListener(
    'contact:changed',
    ({ detail: { contact, replaces } }) => {
      if (!(replaces ?? contacts.succession.replacedBy(contact))) return
      drain.reconsider()
      carrying.reconsider()
      receipts.reconsider()
    },
    { signal: context.signal },
  )
  const met = new Set(state.data.contacts.list().map(({ contact }) => contact))
  state.data.events.addEventListener('contact:changed', ({ detail: { contact } }) => {
    // A new contact: its devices are to be greeted, or its device log to be had from a sibling first.
    if (!met.has(contact)) peers.announce()
    met.add(contact)
  })
  const siblings = startSiblings(context, { account, state, logs, peers, approvals })
  const { pendingFor } = siblings
  const idleIn = watch.daysLeft
  const shown = { account, state, logs, events, pendingFor, idleIn, approvals }
  const devices = createDevices(context, shown)
  const standing = createStanding(context, { account, logs, intake, devices, peers, events })
  watchIdle(context, { account, logs, peers, watch, standing })
  followOwnLog(context, { account, logs, intake, state })
  const invites = createInvites(context, { account, state, logs, cards, addresses, contacts })
  const codes = createSecurityCodes(context, { account, state, logs, contacts, peers })
  await introduceDevice(context, { account, state, logs })
  const copied = { account, state, logs, intake, addresses, peers, isContact }
  const ownName = (): string => contacts.nameOf(account)
  const recovery = await startRecovery(context, { ...copied, ownName })
  const linker = createDeviceLinker(context, { account, state, logs, intake, cards, devices })
  const approveHistory = createApproveHistory(approvals, devices)

  async function starredMessages(): Promise<readonly Message[]> {
    const found = await Promise.all(starred.ids().map((id) => messages.get(id)))
    return found.filter((message) => message !== undefined)
  }

  const waiting = createWaitingContacts({ undelivered, chats, contacts, states })

  async function status(): Promise<Status> {
    return {
      account,
      device: context.device,
      name: context.name,
      devices: await devices.list(),
      relays: context.net.relays(),
      pending: undelivered.size(),
      waiting: await waiting(),
      ...damageNow(context),
    }
  }

  return {
    account,
    contacts: { ...contacts, ...invites, ...codes },
    devices,
    deviceLog: createDeviceLogExport({ account, logs }),
    messages,
    gaps,
    history: { ...progress, allow: createAllowHistory(context, { state, devices }) },
    starred,
    chatList,
    labels,
    settings,
    recovery,
    starredMessages,
    linker,
    standing,
    alerts,
    approveHistory,
    status,
    healed: epochs.healed,
    close: () =>
      endAll(
        () => onSibling.close(),
        () => state.close(),
      ),
  }
}

function contentRecord({ bytes }: StoredContent): MessageRecord {
  return { kind: 'content', content: bytes }
}

/** A device names itself to its siblings when nobody has; the first one also names the account. */
async function introduceDevice(
  { device, name, kind }: DeviceContext,
  { account, state, logs }: { account: AccountId; state: AccountState; logs: DeviceLogs },
): Promise<void> {
  const { devices, settings } = state.data
  const isFirst = logs.get(account)?.first === device
  await state.edit(() => {
    if (!devices.get(device)) devices.set(device, { name, kind })
    if (isFirst && settings.get(ACCOUNT_NAME) === undefined) settings.set(ACCOUNT_NAME, name)
  })
}
