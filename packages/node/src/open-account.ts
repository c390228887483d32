import type { AccountId } from '@kithmesh/protocol'
import type { EventSource } from '@kithmesh/sync'
import { type AccountState, openAccountState } from './account-state.ts'
import { openAddresses } from './addresses.ts'
import type { CallOptions, Device, LinkOptions, Message, NodeEvents, Status } from './api.ts'
import { openCards } from './cards.ts'
import { openChats, type StoredContent } from './chats.ts'
import { ACCOUNT_NAME, type Contacts, createContacts } from './contacts.ts'
import type { DeviceContext } from './context.ts'
import { openDelivery } from './delivery.ts'
import { type DeviceLogs, openDeviceLogs } from './device-logs.ts'
import { createDevices, type Devices } from './devices.ts'
import { startDrain } from './drain.ts'
import { createFanOut } from './fan-out.ts'
import { startHistory } from './history.ts'
import { createInbox } from './inbox.ts'
import { createInvites, type Invites } from './invites.ts'
import { createDeviceLinker } from './link-device.ts'
import type { MessageRecord } from './log-contents.ts'
import { createMessages, type Messages } from './messages.ts'
import { openOutbox } from './outbox.ts'
import { startPeers } from './peers.ts'
import { startReceiving } from './receive.ts'
import { openSessions } from './sessions.ts'
import { startSiblings } from './siblings.ts'
import { createStarred, type Starred } from './starred.ts'
import { startUnaddressed } from './unaddressed.ts'

/** An account as this device lives in it: the rooms, wired. */
export interface OpenAccount {
  readonly account: AccountId
  readonly contacts: Contacts & Invites
  readonly devices: Devices
  readonly messages: Messages
  readonly starred: Starred
  starredMessages(options?: CallOptions): Promise<readonly Message[]>
  linkDevice(code: string, options: LinkOptions): Promise<Device>
  status(options?: CallOptions): Promise<Status>
  /** Writes what still waits to be written. */
  close(): Promise<void>
}

/** Opens the account whose log, epochs and data stand on this device's disk, and starts its work. */
export async function openAccount(
  context: DeviceContext,
  account: AccountId,
  events: EventSource<NodeEvents>,
): Promise<OpenAccount> {
  const logs = await openDeviceLogs(context)
  const cards = await openCards(context)
  const addresses = await openAddresses(context)
  const state = await openAccountState(context, { account, logs })
  const chats = openChats(context, account)
  const outbox = await openOutbox(context)
  const delivery = openDelivery(context, logs)
  const sessions = openSessions(context, { account, logs, cards })

  const contacts = createContacts(context, { account, state, logs, events })
  const starred = createStarred(context, { state, chats, events })
  const fanOut = startUnaddressed(context, {
    logs,
    chats,
    fanOut: createFanOut({ logs, sessions, outbox }),
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
  const inbox = createInbox(context, {
    account,
    chats,
    sessions,
    keep: (stored, alongside) =>
      state.record([contentRecord(stored)], [...alongside, messages.stageEvent(stored)]),
  })
  const isContact = contacts.isContact
  const peers = startPeers(context, { account, logs, cards, addresses, isContact })
  startReceiving(context, { inbox, logs, isContact })
  startDrain(context, {
    outbox,
    peers,
    chats,
    sessions,
    delivery,
    recordReached: (reached, alongside) => state.record([{ kind: 'reached', reached }], alongside),
  })
  startHistory({ account, state, chats, delivery, messages })
  const siblings = startSiblings(context, { account, state, logs, peers })
  const { pendingFor } = siblings
  const devices = createDevices(context, { account, state, logs, events, pendingFor })
  const invites = createInvites(context, { account, state, logs, cards, addresses, contacts })
  await introduceDevice(context, { account, state, logs })
  const met = new Set(state.data.contacts.list().map(({ contact }) => contact))
  state.data.events.addEventListener('contact:changed', ({ detail: { contact } }) => {
    // A new contact: its devices are to be greeted, or its device log to be had from a sibling first.
    if (!met.has(contact)) peers.announce()
    met.add(contact)
  })
  const linkDevice = createDeviceLinker(context, { account, state, logs, cards, devices })

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
    contacts: { ...contacts, ...invites },
    devices,
    messages,
    starred,
    starredMessages,
    linkDevice,
    status,
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
