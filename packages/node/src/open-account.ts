import type { AccountId, DeviceId } from '@kithmesh/protocol'
import type { EventSource } from '@kithmesh/sync'
import { type AccountState, openAccountState } from './account/account-state.ts'
import { createDeviceLogExport, type DeviceLogExport } from './account/device-log-export.ts'
import type { DeviceLogs } from './account/device-logs.ts'
import { createDevices, type Devices } from './account/devices.ts'
import { startHistory } from './account/history.ts'
import type { MessageRecord } from './account/log-contents.ts'
import { startSiblings } from './account/siblings.ts'
import { openAddresses } from './addresses.ts'
import type { CallOptions, Device, Message, NodeEvents, Status } from './api.ts'
import { openCards } from './cards.ts'
import { openChats, type StoredContent } from './chats.ts'
import { ACCOUNT_NAME, type Contacts, createContacts } from './contacts/contacts.ts'
import { createInvites, type Invites } from './contacts/invites.ts'
import { createSecurityCodes, type SecurityCodes } from './contacts/security-codes.ts'
import type { DeviceContext } from './context.ts'
import { openDelivery } from './delivery/delivery.ts'
import { startDrain } from './delivery/drain.ts'
import { createFanOut } from './delivery/fan-out.ts'
import { createFreshness } from './delivery/freshness.ts'
import { createInbox } from './delivery/inbox.ts'
import { startLateCopies } from './delivery/late-copies.ts'
import { createMending } from './delivery/mending.ts'
import { openOutbox } from './delivery/outbox.ts'
import { startReceiving } from './delivery/receive.ts'
import { openSessions } from './delivery/sessions.ts'
import { startUnaddressed } from './delivery/unaddressed.ts'
import { startCardRotation } from './greeting/card-rotation.ts'
import { startPeers } from './greeting/peers.ts'
import { createApproveHistory, openHistoryApprovals } from './linking/history-approvals.ts'
import { createDeviceLinker, type DeviceLinker } from './linking/link-device.ts'
import { createMessages, type Messages } from './messages.ts'
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

/** An account as this device lives in it: the rooms, wired. */
export interface OpenAccount {
  readonly account: AccountId
  readonly contacts: Contacts & Invites & SecurityCodes
  readonly devices: Devices
  readonly deviceLog: DeviceLogExport
  readonly messages: Messages
  readonly starred: Starred
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
  const delivery = openDelivery(context, logs)
  const sessions = openSessions(context, { account, logs, cards })
  const mending = createMending(context, { account, logs, chats, sessions, outbox })
  const kept = { account, logs, cards, addresses, sessions, outbox, delivery }
  const dropping = createDropping(context, kept)
  const intake = createLogIntake(context, { account, logs, epochs, dropping })

  const contacts = createContacts(context, { account, state, logs, events })
  const starred = createStarred(context, { state, chats, events })
  const fanOut = startUnaddressed(context, {
    logs,
    chats,
    sessions,
    fanOut: startLateCopies(context, {
      account,
      logs,
      chats,
      outbox,
      delivery,
      sessions,
      fanOut: createFanOut({
        logs,
        sessions,
        outbox,
        isConnected: (device) => context.net.connected().includes(device),
      }),
    }),
  })
  const messages = createMessages(context, {
    account,
    chats,
    contacts,
    delivery,
    fanOut,
    starred,
    record: (stored, alongside) => state.record([contentRecord(stored)], alongside),
    events,
  })
  const approvals = await openHistoryApprovals(context, { account, log: state.log, logs })
  const isContact = contacts.isContact
  // From here on peers come: who is to hear of them is there before anything waits again.
  const handover = createEpochHandover(context, { account, ring: epochs.ring, cards })
  const known = { account, logs, intake, handover, cards, addresses, isContact }
  const peers = startPeers(context, known)
  startCardRotation(context, { cards, peers })
  shareEpochs(context, { account, logs, ring: epochs.ring, peers })
  const inbox = createInbox(context, {
    account,
    chats,
    sessions,
    mending,
    noteFreshness: createFreshness(context, { own: account, logs, peers }),
    keep: (stored, alongside) =>
      state.record([contentRecord(stored)], [...alongside, messages.stageEvent(stored)]),
  })
  startReceiving(context, { inbox, logs, sessions, isContact })
  const drain = startDrain(context, {
    outbox,
    logs,
    peers,
    isHeld: contacts.succession.isHeld,
    chats,
    sessions,
    delivery,
    mending,
    recordReached: (reached, alongside) => state.record([{ kind: 'reached', reached }], alongside),
  })
  startHistory({ account, state, chats, delivery, messages })
  const siblings = startSiblings(context, { account, state, logs, peers, approvals })
  const { pendingFor } = siblings
  const watch = await openWatchDays(context, { account, state, logs })
  const idleIn = watch.daysLeft
  const shown = { account, state, logs, events, pendingFor, idleIn, approvals }
  const devices = createDevices(context, shown)
  const standing = createStanding(context, { account, logs, intake, devices, peers, events })
  watchIdle(context, { account, logs, peers, watch, standing })
  followOwnLog(context, { account, logs, intake, state })
  const alerts = await openAlerts(context, { account, state, logs, events })
  const invites = createInvites(context, { account, state, logs, cards, addresses, contacts })
  const codes = createSecurityCodes(context, { account, state, logs, contacts, peers })
  await introduceDevice(context, { account, state, logs })
  const copied = { account, state, logs, intake, addresses, peers, isContact }
  const ownName = (): string => contacts.nameOf(account)
  const recovery = await startRecovery(context, { ...copied, ownName })
  // Accepted, verified or replaced, here or on a sibling: what waits goes on, or stays (DEL-17).
  state.data.events.addEventListener(
    'contact:changed',
    ({ detail: { contact, replaces } }) => {
      if (replaces ?? contacts.succession.replacedBy(contact)) drain.reconsider()
    },
    { signal: context.signal },
  )
  const met = new Set(state.data.contacts.list().map(({ contact }) => contact))
  state.data.events.addEventListener('contact:changed', ({ detail: { contact } }) => {
    // A new contact: its devices are to be greeted, or its device log to be had from a sibling first.
    if (!met.has(contact)) peers.announce()
    met.add(contact)
  })
  const linker = createDeviceLinker(context, { account, state, logs, intake, cards, devices })
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
      devices: await devices.list(),
      relays: context.net.relays(),
      pending: outbox.size(),
    }
  }

  return {
    account,
    contacts: { ...contacts, ...invites, ...codes },
    devices,
    deviceLog: createDeviceLogExport({ account, logs }),
    messages,
    starred,
    recovery,
    starredMessages,
    linker,
    standing,
    alerts,
    approveHistory,
    status,
    healed: epochs.healed,
    close: state.close,
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
