import { page, userEvent } from 'vitest/browser'
import { createMemoryNotes } from '../notes.ts'
import { BEN, createBusyNode, createDevicesNode } from '../testing/cast.ts'
import { createFakeNode, type FakeNode, fakeId, LINK_CODE } from '../testing/fake-node.ts'
import { checkScreens, type Screen } from '../testing/screens.ts'
import { type ShownPage, showPage } from '../testing/show.ts'

const press = (name: string) => () =>
  userEvent.click(page.getByRole('button', { name, exact: true }))
const choose = (text: string) => () => userEvent.click(page.getByText(text, { exact: true }))
const atDevices =
  (change: (node: FakeNode) => void = () => undefined) =>
  async () => {
    const node = await createDevicesNode()
    change(node)
    return showPage(node, { route: '#/devices' })
  }
const enterCode = async (): Promise<void> => {
  await press('Link a device')()
  await userEvent.fill(page.getByLabelText('Link code'), 'WEB+KITH:L/AAAA')
  await press('Continue')()
}
const typeDigits = (digits: string) => async () => {
  await userEvent.fill(page.getByLabelText('Six digits shown on the new device'), digits)
  await press('Continue')()
}
const far = (node: FakeNode): void => {
  node.found = { ...node.found, distance: 'far' }
}
const temporary = (node: FakeNode): void => {
  node.found = { ...node.found, temporary: true }
}
const withCode = (node: FakeNode): void =>
  node.offerStates.put({ state: 'waiting', code: LINK_CODE, expiresInMs: 60_000 })

/** A new device to which somebody comes with its code. */
async function showMet(): Promise<ShownPage> {
  const node = createFakeNode()
  withCode(node)
  const page = await showPage(node)
  met = () => void node.meet()
  return page
}
let met: () => void = () => undefined

async function showAlerts(): Promise<ShownPage> {
  const node = await createBusyNode()
  const [, , desk] = node.world.devices
  const proof = new Uint8Array([1])
  node.world.alerts = [
    {
      account: fakeId('aAda'),
      device: fakeId('12D3KooWDesk'),
      own: true,
      kind: 'log',
      at: 1,
      proof,
    },
    { account: BEN.contact, device: fakeId('theirs'), own: false, kind: 'log', at: 2, proof },
  ]
  const notes = createMemoryNotes()
  notes.write('[]')
  const shown = await showPage(node, { notes })
  if (desk) node.tell('device:removed', { ...desk, state: 'unlinked' })
  return shown
}

async function showLeft(): Promise<ShownPage> {
  const node = await createBusyNode()
  node.world.left = { reason: 'suspended', hint: '' }
  return showPage(node)
}

function showEmpty(): Promise<ShownPage> {
  const create = (): FakeNode => {
    const node = createFakeNode()
    withCode(node)
    return node
  }
  return showPage(create, { homes: { has: async () => false } })
}

const SCREENS: readonly Screen[] = [
  { name: 'no device here', show: showEmpty, complete: 'Use this browser for a while only' },
  {
    name: 'temporary session',
    show: showEmpty,
    steps: [choose('Use this browser for a while only')],
    complete: LINK_CODE,
  },
  {
    name: 'the code of another device',
    show: showEmpty,
    steps: [choose('I have a device'), choose('Enter a code')],
    complete: 'Link code',
  },
  {
    name: 'compare on the new device',
    show: showMet,
    steps: [
      choose('I have a device'),
      () => page.getByText(LINK_CODE).findElement(),
      async () => met(),
    ],
    complete: /will belong to the account/,
  },
  { name: 'devices in every state', show: atDevices(), complete: 'Suspended' },
  {
    name: 'earlier devices',
    show: atDevices(),
    steps: [choose('Earlier devices (1)')],
    complete: 'first laptop',
  },
  {
    name: 'a code of this device',
    show: atDevices(withCode),
    steps: [press('Link a device'), choose('Show a code')],
    complete: LINK_CODE,
  },
  { name: 'compare', show: atDevices(), steps: [enterCode], complete: /The same digits/ },
  {
    name: 'compare with a temporary one',
    show: atDevices(temporary),
    steps: [enterCode],
    complete: '7 days',
  },
  {
    name: 'wrong digits of a far device',
    show: atDevices(far),
    steps: [enterCode, typeDigits('111222')],
    complete: /not the digits of this device/,
  },
  {
    name: 'right digits of a far device',
    show: atDevices(far),
    steps: [enterCode, typeDigits('419266')],
    complete: 'Link far device',
  },
  {
    name: 'unlink',
    show: atDevices(),
    steps: [press('Unlink desk')],
    complete: /cannot come back by itself/,
  },
  {
    name: 'unlinked',
    show: atDevices(),
    steps: [press('Unlink desk'), press('Unlink it')],
    complete: /is unlinked/,
  },
  { name: 'alerts', show: showAlerts, complete: /A device of/ },
  { name: 'out of the account', show: showLeft, complete: /This page then goes on/ },
  {
    name: 'erase',
    show: showLeft,
    steps: [press('Erase this device')],
    complete: /are deleted from this browser/,
  },
]

checkScreens(SCREENS)
