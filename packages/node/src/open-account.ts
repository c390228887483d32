import type { AccountId } from '@kithmesh/protocol'
import type { EventSource } from '@kithmesh/sync'
import { openAccountState } from './account-state.ts'
import { openAddresses } from './addresses.ts'
import type { CallOptions, Device, LinkOptions, Message, NodeEvents, Status } from './api.ts'
import { openCards } from './cards.ts'
import { openChats } from './chats.ts'
import { type Contacts, createContacts } from './contacts.ts'
import type { DeviceContext } from './context.ts'
import { openDelivery } from './delivery.ts'
import { openDeviceLogs } from './device-logs.ts'
import { createDevices, type Devices } from './devices.ts'
import { startDrain } from './drain.ts'
import { createFanOut } from './fan-out.ts'
import { startHistory } from './history.ts'
import { createInbox } from './inbox.ts'
import { createInvites, type Invites } from './invites.ts'
import { createDeviceLinker } from './link-device.ts'
import { createMessages, type Messages } from './messages.ts'
import { openOutbox } from './outbox.ts'
import { startPeers } from './peers.ts'
import { startReceiving } from './receive.ts'
import { openSessions } from './sessions.ts'
import { createStarred, type Starred } from './starred.ts'

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
  const devices = createDevices(context, { account, state, logs, events })
  const starred = createStarred(context, { state, chats, events })
  const fanOut = createFanOut({ logs, sessions, outbox })
  const messages = createMessages(context, {
    account,
    chats,
    contacts,
    delivery,
    fanOut,
    starred,
    stageRecord: (stored) => state.stageMessage(stored.bytes),
    events,
  })
  const inbox = createInbox(context, {
    account,
    chats,
    sessions,
    stageArrival: async (stored) => [
      await state.stageMessage(stored.bytes),
      messages.stageEvent(stored),
    ],
  })
  const isContact = contacts.isContact
  const peers = startPeers(context, { account, logs, cards, addresses, isContact })
  startReceiving(context, { inbox, peers, account })
  startDrain(context, {
    outbox,
    peers,
    chats,
    sessions,
    delivery,
    stageReached: state.stageReached,
  })
  startHistory(context, { account, state, chats, contacts, delivery, messages })
  state.startExchange(peers)
  const invites = createInvites(context, { account, state, logs, cards, addresses, contacts, peers })
  const linkDevice = createDeviceLinker(context, { account, state, logs, cards, addresses, devices, peers })

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
