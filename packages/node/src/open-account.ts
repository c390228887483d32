import type { AccountId, DeviceId } from '@kithmesh/protocol'
import type { EventSource } from '@kithmesh/sync'
import { type AccountState, openAccountState } from './account/account-state.ts'
import { createDeviceLogExport, type DeviceLogExport } from './account/device-log-export.ts'
import type { DeviceLogs } from './account/device-logs.ts'
import { createDevices, type Devices } from './account/devices.ts'
import { type HistoryProgress, openHistoryProgress } from './account/history-progress.ts'
import { startSiblings } from './account/siblings.ts'
import { contactWays, ownReachability } from './account/ways.ts'
import { openAddresses } from './addresses.ts'
import type { Device } from './api/devices.ts'
import type { NodeEvents } from './api/events.ts'
import type { Message } from './api/messages.ts'
import type { CallOptions } from './api/options.ts'
import type { Status } from './api/status.ts'
import { openCards } from './cards.ts'
import { openChats } from './chats.ts'
import { ACCOUNT_NAME, type Contacts, createContacts } from './contacts/contacts.ts'
import { createInvites, type Invites } from './contacts/invites.ts'
import { createSecurityCodes, type SecurityCodes } from './contacts/security-codes.ts'
import type { DeviceContext } from './context.ts'
import { openDelivery } from './delivery/delivery.ts'
import { openEntitlement } from './delivery/entitlement.ts'
import type { GapRepair } from './delivery/gap-repair.ts'
import { createMending } from './delivery/mending.ts'
import { openOnSibling } from './delivery/on-sibling.ts'
import { openOutbox } from './delivery/outbox.ts'
import { openSessions } from './delivery/sessions.ts'
import { openUndelivered } from './delivery/undelivered.ts'
import { endAll } from './ending.ts'
import { startCardRotation } from './greeting/card-rotation.ts'
import { startPeers } from './greeting/peers.ts'
import { watchClosedRecords } from './healing/closed-records.ts'
import { startHealing } from './healing/healing.ts'
import { damageNow } from './healing/noticing.ts'
import { type AllowHistory, createAllowHistory } from './linking/history-allowance.ts'
import { createApproveHistory, openHistoryApprovals } from './linking/history-approvals.ts'
import { createDeviceLinker, type DeviceLinker } from './linking/link-device.ts'
import { endWhenMet, openUnfinishedLinks } from './linking/unfinished.ts'
import type { Messages } from './messages.ts'
import { type ChatList, createChatList } from './preferences/chat-list.ts'
import { createLabels, type Labels } from './preferences/labels.ts'
import { createSettings, type Settings } from './preferences/settings.ts'
import { type Recovery, startRecovery } from './recovery/recovery.ts'
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
import { startMessaging } from './start-messaging.ts'

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
  const { log } = state
  const closed = watchClosedRecords(context, { log, epochs })
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
  const { isWaiting } = undelivered
  const { exchanges } = state
  const onSibling = await openOnSibling(context, { account, logs, exchanges, isWaiting })
  const approvals = await openHistoryApprovals(context, { account, log, logs })
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
  const messaging = startMessaging(context, {
    ...{ account, state, logs, cards, peers, contacts, chats, starred, sessions, mending },
    ...{ outbox, undelivered, entitlement, delivery, onSibling, events },
  })
  const { messages, gaps } = messaging
  const { takeInAgain: takeIn } = messaging.history
  startHealing(context, { account, state, logs, closed, takeIn, mended: gaps.recheck, events })
  // Accepted, verified or replaced, here or on a sibling: what waits goes on, or stays (DEL-17).
  state.data.events.addEventListener(
    'contact:changed',
    ({ detail: { contact, replaces } }) => {
      if (replaces ?? contacts.succession.replacedBy(contact)) messaging.reconsider()
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
  const unfinished = await openUnfinishedLinks(context, { account, logs })
  endWhenMet(context, { account, unfinished, peers })
  const shown = { account, state, logs, events, pendingFor, idleIn, approvals, unfinished }
  const devices = createDevices(context, shown)
  const standing = createStanding(context, { account, logs, intake, devices, peers, events })
  watchIdle(context, { account, logs, peers, watch, standing })
  followOwnLog(context, { account, logs, intake, state })
  context.relays.follow(account, logs, context)
  const invites = createInvites(context, { account, state, logs, cards, addresses, contacts })
  const codes = createSecurityCodes(context, { account, state, logs, contacts, peers })
  await introduceDevice(context, { account, state, logs })
  const copied = { account, state, logs, intake, addresses, peers, isContact }
  const ownName = (): string => contacts.nameOf(account)
  const recovery = await startRecovery(context, { ...copied, ownName })
  const rooms = { account, state, logs, intake, cards, devices, unfinished }
  const linker = createDeviceLinker(context, rooms)
  const approveHistory = createApproveHistory(approvals, devices)

  async function starredMessages(): Promise<readonly Message[]> {
    const found = await Promise.all(starred.ids().map((id) => messages.get(id)))
    return found.filter((message) => message !== undefined)
  }

  async function status(): Promise<Status> {
    return {
      account,
      device: context.device,
      name: context.name,
      ...ownReachability(context),
      devices: await devices.list(),
      contacts: await contactWays(context, { contacts, logs }),
      relays: context.net.relays(),
      pending: undelivered.size(),
      waiting: await messaging.waiting(),
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
    healed: closed.readable,
    close: () =>
      endAll(
        () => onSibling.close(),
        () => state.close(),
      ),
  }
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
