import type { Contact } from '@kithmesh/node'
import { page, userEvent } from 'vitest/browser'
import { BEN, CARA, createBusyNode } from '../testing/cast.ts'
import { createFakeNode, fakeId, kithError, LINK_CODE } from '../testing/fake-node.ts'
import { FAKE_WORDS } from '../testing/fake-recovery.ts'
import { checkScreens, type Screen } from '../testing/screens.ts'
import { type ShownPage, showPage } from '../testing/show.ts'

const press = (name: string) => () =>
  userEvent.click(page.getByRole('button', { name, exact: true }))
const at = (route: string) => async () => showPage(await createBusyNode(), { route })
const enterCode = async (): Promise<void> => {
  await userEvent.fill(page.getByLabelText('Link code'), 'WEB+KITH:L/AAAA')
  await press('Continue')()
}

const recover = async (): Promise<void> => {
  const fields = page.getByRole('textbox').elements()
  for (const [at, word] of FAKE_WORDS.entries()) await userEvent.fill(fields[at] ?? raise(), word)
  await userEvent.fill(page.getByLabelText('A device that is left'), 'WEB+KITH:C/AAAA')
  await press('Continue')()
}

function raise(): never {
  throw new Error('a field is missing')
}

async function showFar(): Promise<ShownPage> {
  const node = await createBusyNode()
  node.found = { ...node.found, distance: 'far' }
  return showPage(node, { route: '#/devices' })
}

async function showUnstorable(): Promise<ShownPage> {
  const node = await createBusyNode()
  node.fail('messages.send', kithError('ERR_STORE_WRITE', 'the store could not be written'))
  return showPage(node, { route: '#/chat/aBen' })
}

async function showChanged(by: Partial<Contact>): Promise<ShownPage> {
  const contacts = [{ ...BEN, ...by }]
  const node = createFakeNode({ account: fakeId('aAda'), contacts })
  node.verification = { kind: 'different' }
  return showPage(node, { route: '#/chat/aBen' })
}

async function showArranged(route = '#/'): Promise<ShownPage> {
  const node = await createBusyNode()
  const { label } = await node.labels.create('Colleagues of before and after')
  await node.labels.put(label, { contact: BEN.contact })
  await node.chats.edit(BEN.contact, { pinned: true, mutedUntil: 'always' })
  await node.chats.edit(CARA.contact, { archived: true })
  return showPage(node, { route })
}

async function showQuiet(): Promise<ShownPage> {
  const node = await createBusyNode()
  await node.settings.set('quiet-hours.on', true)
  await node.settings.set('quiet-hours.sunday', 'never')
  node.world.preferences.quiet = {
    on: true,
    favourites: true,
    timeZone: 'America/Argentina/ComodRivadavia',
    until: Date.UTC(2026, 10, 23, 6),
  }
  return showPage(node, { route: '#/settings' })
}

function showOffer(): Promise<ShownPage> {
  const node = createFakeNode()
  node.offerStates.put({ state: 'waiting', code: LINK_CODE, expiresInMs: 60_000 })
  return showPage(node)
}

const SCREENS: readonly Screen[] = [
  { name: 'start', show: () => showPage(createFakeNode()), complete: 'I have a device' },
  {
    name: 'new account',
    show: () => showPage(createFakeNode()),
    steps: [() => userEvent.click(page.getByText('I’m new here'))],
    complete: 'Your name',
  },
  {
    name: 'link code',
    show: showOffer,
    steps: [() => userEvent.click(page.getByText('I have a device'))],
    complete: LINK_CODE,
  },
  {
    name: 'second tab',
    show: () => showPage(kithError('ERR_HOME_IN_USE', 'in use')),
    complete: /Kithmesh runs in another tab/,
  },
  {
    name: 'not opened',
    show: () => showPage(kithError('ERR_STORE_OPEN', 'no storage')),
    complete: /gives this page no storage/,
  },
  {
    name: 'empty account',
    show: () => showPage(createFakeNode({ account: fakeId('aAda') })),
    complete: /Nobody yet/,
  },
  { name: 'contacts', show: at('#/'), complete: 'Ben from work' },
  { name: 'chats arranged', show: () => showArranged(), complete: /Archived \(1\)/ },
  {
    name: 'chat settings',
    show: async () => showArranged('#/chat/aBen'),
    steps: [press('Chat settings')],
    complete: 'New label',
  },
  { name: 'settings', show: at('#/settings'), complete: 'Quiet hours' },
  { name: 'quiet hours', show: showQuiet, complete: /It is quiet until/ },
  {
    name: 'rename',
    show: at('#/'),
    steps: [press('Rename Ben from work')],
    complete: 'Save',
  },
  { name: 'chat', show: at('#/chat/aBen'), complete: /Gladly/ },
  {
    name: 'chat that cannot store',
    show: showUnstorable,
    steps: [() => userEvent.fill(page.getByLabelText(/^Message to/), 'hi'), press('Send')],
    complete: /could not store this/,
  },
  {
    name: 'chat with a new account',
    show: () => showChanged({ changed: true, held: true }),
    complete: /nothing is sent until/,
  },
  {
    name: 'security code',
    show: at('#/chat/aBen'),
    steps: [press('Security code'), () => userEvent.click(page.getByText('Show the code to scan'))],
    complete: 'The digits are the same',
  },
  {
    name: 'security code that differs',
    show: () => showChanged({}),
    steps: [
      press('Security code'),
      () => userEvent.fill(page.getByLabelText(/code on their screen/), 'WEB+KITH:V/AAAA'),
      press('Compare'),
    ],
    complete: /another code than this one/,
  },
  { name: 'starred', show: at('#/starred'), complete: /dinner at eight/ },
  { name: 'devices', show: at('#/devices'), complete: 'old tablet' },
  { name: 'connection', show: at('#/connection'), complete: /^Ready$/ },
  { name: 'invite', show: at('#/'), steps: [press('Invite')], complete: /^WEB\+KITH:C/ },
  { name: 'add', show: at('#/'), steps: [press('Add')], complete: 'Invite code' },
  {
    name: 'link a device',
    show: at('#/devices'),
    steps: [press('Link a device')],
    complete: 'Link code',
  },
  {
    name: 'recovery words',
    show: at('#/devices'),
    steps: [press('Write down the 12 words')],
    complete: 'sausage',
  },
  {
    name: 'confirm recovery words',
    show: at('#/devices'),
    steps: [press('Write down the 12 words'), press('I have written them down')],
    complete: 'Word 12',
  },
  {
    name: 'begin again with the words',
    show: () => showPage(createFakeNode()),
    steps: [() => userEvent.click(page.getByText('I have my recovery words'))],
    complete: 'A device that is left',
  },
  {
    name: 'what a recovery will do',
    show: () => showPage(createFakeNode()),
    steps: [() => userEvent.click(page.getByText('I have my recovery words')), recover],
    complete: /12 contacts/,
  },
  {
    name: 'confirm a far device',
    show: showFar,
    steps: [press('Link a device'), enterCode],
    complete: /not on your network/,
  },
]

checkScreens(SCREENS)
