import type { Contact, Device } from '@kithmesh/node'
import { createFakeNode, deliveryState, type FakeNode, fakeId, OURS, PHONE } from './fake-node.ts'

/** People and devices the tests and pictures tell of. */
export const BEN: Contact = contactOf('aBen', 'Ben from work', 2)
export const CARA: Contact = contactOf('aCara', '卡拉', 1)
const OMAR: Contact = contactOf('aOmar', 'عمر الفاروق', 1)

const PAGE: Device = {
  ...PHONE,
  device: fakeId('12D3KooWFakePage'),
  name: 'Chrome on Linux',
  kind: 'browser',
  this: true,
  path: 'this',
  reason: 'this device',
  addedAt: Date.UTC(2026, 10, 1, 8, 20),
  linkedBy: PHONE.device,
}
const DESK: Device = {
  ...PHONE,
  device: fakeId('12D3KooWDesk'),
  name: 'desk',
  path: 'relayed',
  reason: 'No direct path: its network lets no UDP through',
  pending: 2,
  linkedBy: PAGE.device,
  addedAt: Date.UTC(2026, 10, 1, 9, 5),
  ...OURS,
}
const TABLET: Device = {
  ...PHONE,
  device: fakeId('12D3KooWTablet'),
  name: 'old tablet',
  kind: 'browser',
  path: 'away',
  reason: 'The connection was lost',
  lastSeen: Date.UTC(2026, 9, 30, 20, 12),
  pending: 14,
  linkedBy: PHONE.device,
  idleIn: 4,
  maySuspend: true,
}

const READ_AT = Date.UTC(2026, 10, 3, 9, 4)
/** When a message that nobody took ends. */
const UNTIL = Date.UTC(2027, 0, 2, 9, 5)

/** A page in the middle of its life: people, messages of every kind, four devices, two relays. */
export async function createBusyNode(): Promise<FakeNode> {
  const node = createFakeNode({
    account: fakeId('aAda'),
    contacts: [BEN, CARA, OMAR],
    devices: [PAGE, PHONE, DESK, TABLET],
    pending: 2,
    relays: [
      { address: '/ip4/127.0.0.1/tcp/4002/ws/p2p/12D3KooWRelay', state: 'ready' },
      {
        address: `/ip4/127.0.0.1/udp/4001/webrtc-direct/certhash/uEi${'Cd5y'.repeat(10)}/p2p/12D3KooWRelay`,
        state: 'ready',
      },
      {
        address: `/ip4/203.0.113.9/udp/4001/webrtc-direct/certhash/uEi${'Ab3x'.repeat(10)}/p2p/12D3KooWOther`,
        state: 'failed',
        reason: 'It did not answer; next try in 8 s',
      },
    ],
  })
  const dinner = await node.messages.send(BEN.contact, { text: 'Hi Ben, dinner at eight?' })
  node.receive(BEN, 'Gladly. I bring the wine.')
  const place = await node.messages.send(BEN.contact, {
    text: 'The usual place. Here is what I would like to ask them for:\n\n– a table outside\n– no music',
  })
  node.receive(BEN, 'رائع، أراك هناك (8 pm)')
  const there = await node.messages.send(BEN.contact, { text: 'Are you there already?' })
  await deliver(
    node,
    there.message,
    deliveryState({
      of: 2,
      state: 'sibling',
      waiting: { reason: 'away', text: "Ben's devices are all away", until: UNTIL },
    }),
  )
  await deliver(
    node,
    dinner.message,
    deliveryState({ reached: 2, of: 2, read: true, state: 'read', readAt: READ_AT }),
  )
  await deliver(
    node,
    place.message,
    deliveryState({
      reached: 1,
      of: 2,
      state: 'reached',
      waiting: { reason: 'some-away', text: "1 of Ben's 2 devices is away", until: UNTIL },
    }),
  )
  await node.starred.add(dinner.message)
  node.receive(CARA, '你好！')
  return node
}

/** The busy node, with a device in every state there is. */
export async function createDevicesNode(): Promise<FakeNode> {
  const node = await createBusyNode()
  const linkedBy = PAGE.device
  const mine = { ...PHONE, linkedBy, ...OURS }
  node.world.devices = [
    ...node.world.devices,
    { ...mine, device: fakeId('12D3KooWKitchen'), name: 'kitchen', historyAt: LATER },
    {
      ...PHONE,
      device: fakeId('12D3KooWWork'),
      name: 'work laptop',
      linkedBy: PHONE.device,
      historyAt: LATER,
      maySuspend: true,
    },
    { ...mine, device: fakeId('12D3KooWLibrary'), name: 'library', expiresAt: LATER },
    {
      ...mine,
      device: fakeId('12D3KooWLost'),
      name: 'lost phone',
      state: 'suspended',
      suspended: { reason: 'lost', by: PHONE.device, at: Date.UTC(2026, 10, 2, 9) },
      mayReadmit: true,
    },
    { ...PHONE, device: fakeId('12D3KooWNinth'), name: 'ninth', state: 'held', linkedBy },
    {
      ...PHONE,
      device: fakeId('12D3KooWEarlier'),
      name: 'first laptop',
      state: 'unlinked',
      linkedBy,
    },
  ]
  return node
}

const LATER = Date.UTC(2026, 10, 4, 9)

async function deliver(
  node: FakeNode,
  id: Parameters<FakeNode['messages']['get']>[0],
  delivery: Parameters<FakeNode['deliver']>[1],
): Promise<void> {
  const message = await node.messages.get(id)
  if (message) node.deliver(message, delivery)
}

function contactOf(id: string, name: string, devices: number): Contact {
  return { contact: fakeId(id), name, verified: false, devices }
}
