import type { Contact, DeviceAlert } from '@kithmesh/node'
import { afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { page, userEvent } from 'vitest/browser'
import {
  createFakeNode,
  type FakeNode,
  fakeId,
  kithError,
  LINK_CODE,
  OURS,
  PHONE,
} from '../testing/fake-node.ts'
import { SCRIPT_TEXTS, TURNING_TEXTS } from '../testing/hostile-text.ts'
import { type ShownPage, showPage } from '../testing/show.ts'

const violations: string[] = []
let shown: ShownPage | undefined

beforeAll(() => {
  // The page's own policy, as far as a document can still take it up.
  const policy = document.createElement('meta')
  policy.httpEquiv = 'Content-Security-Policy'
  policy.content = "require-trusted-types-for 'script'; img-src 'self' data:; form-action 'none'"
  document.head.append(policy)
  addEventListener('securitypolicyviolation', ({ violatedDirective }) => {
    violations.push(violatedDirective)
  })
})
beforeEach(() => page.viewport(1280, 800))
afterEach(() => shown?.leave())

/** Everything a stranger can name or say is this text. */
function createHostileNode(text: string): FakeNode {
  const contact: Contact = { contact: fakeId('aEve'), name: text, verified: false, devices: 1 }
  const fork: DeviceAlert = {
    account: contact.contact,
    device: PHONE.device,
    own: false,
    kind: 'log',
    at: 1,
    proof: new Uint8Array(),
  }
  const node = createFakeNode({
    account: fakeId('aAda'),
    contacts: [contact],
    devices: [
      { ...PHONE, ...OURS, name: text, kind: text, reason: text, linkedBy: PHONE.device },
      { ...PHONE, device: fakeId('12D3KooWFakePage'), name: text, kind: text, this: true },
    ],
    alerts: [fork],
    relays: [{ address: text, state: text, reason: text }],
  })
  node.receive(contact, text)
  node.found = { ...node.found, name: text, kind: text }
  node.linker = { ...node.linker, name: text, kind: text }
  return node
}

function expectNothingRan(): void {
  expect(violations).toEqual([])
  expect(globalThis).not.toHaveProperty('hit')
  const elsewhere = performance
    .getEntriesByType('resource')
    .filter(({ name }) => !name.startsWith(location.origin) && !name.startsWith('data:'))
  expect(elsewhere).toEqual([])
  expect(
    document.querySelectorAll('#page :is(script, iframe, img, style, link, base)'),
  ).toHaveLength(0)
}

const visited = ['#/chat/aEve', '#/starred', '#/devices', '#/connection']

test.each(SCRIPT_TEXTS)('WEB-11 C7 %s is shown as its letters on every screen', async (text) => {
  const node = createHostileNode(text)
  const [message] = node.world.messages
  if (message) await node.starred.add(message.message)
  shown = await showPage(node)
  for (const route of visited) {
    location.hash = route
    await expect.poll(() => document.querySelector('.pane')?.textContent).toContain(text)
  }
  if (message) node.receive({ ...required(node), name: text }, text)
  await expect.poll(() => document.querySelector('.mesh > .heard')?.textContent).toContain(text)
  location.hash = '#/devices'
  await userEvent.click(page.getByRole('button', { name: 'Link a device' }))
  await userEvent.fill(page.getByLabelText('Link code'), text)
  await userEvent.click(page.getByRole('button', { name: 'Continue' }))
  await expect.poll(() => document.querySelector('.facts')?.textContent).toContain(text)
  expectNothingRan()
})

test.each(SCRIPT_TEXTS)('WEB-11 C7 a device named %s stays a device', async (text) => {
  const node = createHostileNode(text)
  shown = await showPage(node, { route: '#/devices' })
  const alerts = (): string => document.querySelector('.alerts')?.textContent ?? ''
  await expect.poll(alerts).toContain(`A device of ${text} was seen twice`)
  const [device] = node.world.devices
  if (device) node.tell('device:removed', { ...device, state: 'suspended' })
  const out = { ...device, ...PHONE, name: text, state: 'suspended', mayReadmit: true } as const
  node.world.devices = [out]
  node.tell('device:returned', out)
  await expect.poll(alerts).toContain(`${text} is back`)
  await userEvent.click(page.getByRole('button', { name: `Readmit ${text}`, exact: true }))
  await expect.poll(() => document.querySelector('.sheet-head')?.textContent).toContain(text)
  expectNothingRan()
})

test.each(SCRIPT_TEXTS)('WEB-11 C7 a device named %s takes nobody in by its name', async (text) => {
  const node = createHostileNode(text)
  delete node.world.account
  node.offerStates.put({ state: 'waiting', code: LINK_CODE, expiresInMs: 60_000 })
  shown = await showPage(node)
  await userEvent.click(page.getByText('I have a device'))
  await expect.element(page.getByText(LINK_CODE)).toBeVisible()
  const answer = node.meet()
  await expect.poll(() => document.querySelector('.front')?.textContent).toContain(text)
  await userEvent.click(page.getByRole('button', { name: 'They differ' }))
  expect(await answer).toBe('differ')
  expectNothingRan()
})

test('WEB-11 C7 the words of an error are text, too', async () => {
  const [text = ''] = SCRIPT_TEXTS
  shown = await showPage(kithError('ERR_NEW', text, text))
  await expect.element(page.getByRole('alert')).toHaveTextContent(text)
  expectNothingRan()
})

test('C7 the policy of this test would have stopped a script', async () => {
  const before = violations.length
  expect(() => {
    document.createElement('p').innerHTML = '<b>x</b>'
  }).toThrow(TypeError)
  await expect.poll(() => violations.length).toBe(before + 1)
  violations.length = before
})

test.each(TURNING_TEXTS)('WEB-11 C8 %j turns nothing around but itself', async (text) => {
  const node = createHostileNode(text)
  shown = await showPage(node, { route: '#/chat/aEve' })
  await expect.poll(() => document.querySelector('.words')?.textContent).toBe(text)
  const holders = [...document.querySelectorAll('#page *')].filter(
    (element) =>
      element.textContent === text && element.children.length === 0 && !element.matches('.heard'),
  )
  expect(holders.length).toBeGreaterThanOrEqual(3)
  for (const holder of holders) {
    expect(getComputedStyle(holder).unicodeBidi, holder.outerHTML).toMatch(/isolate|plaintext/)
  }
})

function required(node: FakeNode): Contact {
  const [contact] = node.world.contacts
  if (!contact) throw new Error('a hostile node has a contact')
  return contact
}
