import type { Device } from '@kithmesh/node'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { page, userEvent } from 'vitest/browser'
import { createBusyNode } from '../testing/cast.ts'
import { type FakeNode, fakeId, kithError, OURS, PHONE } from '../testing/fake-node.ts'
import { type ShownPage, showPage } from '../testing/show.ts'

let shown: ShownPage | undefined
beforeEach(() => page.viewport(1280, 800))
afterEach(() => shown?.leave())

const row = (name: string) =>
  page.getByRole('listitem').filter({ has: page.getByRole('button', { name: `Rename ${name}` }) })
const button = (name: string) => page.getByRole('button', { name, exact: true })
const press = (name: string) => userEvent.click(button(name))
const sheet = () => page.getByRole('dialog')

/** One more device, linked by the page unless told. */
function deviceOf(name: string, by: Partial<Device>): Device {
  const linkedBy = fakeId<Device['device']>('12D3KooWFakePage')
  return { ...PHONE, device: fakeId(`12D3KooW${name}`), name, linkedBy, ...OURS, ...by }
}

async function showDevices(...more: readonly Device[]): Promise<FakeNode> {
  const node = await createBusyNode()
  node.world.devices = [...node.world.devices, ...more]
  shown = await showPage(node, { route: '#/devices' })
  return node
}

describe('devices', () => {
  test('each has its kind, its path and the reason for it', async () => {
    await showDevices()
    await expect.element(row('Chrome on Linux')).toHaveTextContent('This device')
    await expect.element(row('desk')).toHaveTextContent(/Over a relay.*no UDP/)
    await expect.element(row('desk')).toHaveTextContent('2 changes behind')
    await expect.element(row('old tablet')).toHaveTextContent(/Away.*last seen/)
  })

  test('WEB-43 each says when it was linked and by which device', async () => {
    await showDevices()
    await expect.element(row('desk')).toHaveTextContent(/Linked .*2026.* by Chrome on Linux/)
    await expect.element(row('phone')).toHaveTextContent(/Made the account/)
  })

  test('WEB-43 what ends or begins by itself is said beforehand', async () => {
    await showDevices(
      deviceOf('library', { expiresAt: Date.UTC(2026, 10, 4, 9) }),
      deviceOf('kitchen', { historyAt: Date.UTC(2026, 10, 4, 9) }),
    )
    await expect.element(row('old tablet')).toHaveTextContent(/Lapses in 4 days/)
    await expect.element(row('library')).toHaveTextContent(/out by itself Nov 4.*cannot link/)
    await expect.element(row('kitchen')).toHaveTextContent(/Earlier messages wait until Nov 4/)
  })

  test('WEB-43 who may let a far device have its history is offered it; others are named', async () => {
    const historyAt = Date.UTC(2026, 10, 4, 9)
    await showDevices(
      deviceOf('mine', { historyAt }),
      deviceOf('theirs', { historyAt, linkedBy: PHONE.device }),
    )
    await expect
      .element(row('mine'))
      .toHaveTextContent(/phone, desk or old tablet can let it have them/)
    await expect.element(button('Approve history of mine')).not.toBeInTheDocument()
    await press('Approve history of theirs')
    await expect.element(row('theirs')).not.toHaveTextContent(/Earlier messages wait/)
  })

  test('a device is renamed in place', async () => {
    await showDevices()
    await press('Rename desk')
    await userEvent.keyboard('attic{Enter}')
    await expect.element(row('attic')).toBeVisible()
  })
})

describe('putting a device out', () => {
  test('WEB-43 only what this device may do is offered, and who may do the rest is named', async () => {
    await showDevices()
    await expect.element(button('Unlink desk')).toBeVisible()
    await expect.element(button('Lost it? Suspend old tablet')).toBeVisible()
    await expect.element(button('Unlink old tablet')).not.toBeInTheDocument()
    await expect.element(row('old tablet')).toHaveTextContent('To unlink it, use phone.')
    await expect.element(button('Unlink phone')).not.toBeInTheDocument()
    await expect.element(row('phone')).toHaveTextContent(/No other device can put it out/)
    await expect.element(button('Leave with Chrome on Linux')).toBeVisible()
  })

  test('WEB-43 unlinking names the device and says what it does', async () => {
    const node = await showDevices()
    await press('Unlink desk')
    await expect.element(sheet()).toHaveAccessibleName('Unlink desk?')
    await expect.element(sheet()).toHaveTextContent(/nothing newer.*cannot come back by itself/)
    await press('Unlink it')
    await expect.element(page.getByText('desk is unlinked.')).toHaveFocus()
    expect(node.world.devices.find(({ name }) => name === 'desk')?.state).toBe('unlinked')
    await expect.element(button('Unlink desk')).not.toBeInTheDocument()
    const earlier = page.getByRole('group')
    await userEvent.click(page.getByText('Earlier devices (1)'))
    await expect.element(earlier.getByText('desk', { exact: true })).toBeVisible()
  })

  test('WEB-43 closing the question does nothing', async () => {
    const node = await showDevices()
    await press('Unlink desk')
    await userEvent.keyboard('{Escape}')
    await expect.element(sheet()).not.toBeInTheDocument()
    expect(node.world.devices.map(({ state }) => state)).toEqual(Array(4).fill('active'))
    await expect.element(button('Unlink desk')).toHaveFocus()
  })

  test('WEB-43 a lost device is suspended, and readmitted when it was found', async () => {
    await showDevices()
    await press('Lost it? Suspend desk')
    await expect.element(sheet()).toHaveTextContent(/keeps what it has/)
    await press('Suspend it')
    await expect.element(row('desk')).toHaveTextContent(/Suspended as lost by Chrome on Linux/)
    await press('Readmit desk')
    await press('Readmit it')
    await expect.element(row('desk')).not.toHaveTextContent(/Suspended/)
    await expect.element(button('Readmit desk')).not.toBeInTheDocument()
  })

  test('WEB-9 a refusal is explained, and the device stays', async () => {
    const node = await showDevices()
    node.fail('devices.unlink', kithError('ERR_DEVICE_RIGHT', 'no'))
    await press('Unlink desk')
    await press('Unlink it')
    await expect.element(page.getByRole('alert')).toHaveTextContent('This device may not do that.')
    await press('Cancel')
    await expect.element(button('Unlink desk')).toBeVisible()
  })

  test('WEB-43 WEB-10 unlinking takes a keyboard only', async () => {
    await showDevices()
    await expect.element(button('Unlink desk')).toBeVisible()
    await tabTo('Unlink desk')
    await userEvent.keyboard('{Enter}')
    await tabTo('Unlink it')
    await userEvent.keyboard('{Enter}')
    await expect.element(page.getByText('desk is unlinked.')).toHaveFocus()
  })
})

/** Tab by tab, as a person without a mouse. */
async function tabTo(name: string): Promise<void> {
  for (let presses = 0; presses < 60; presses++) {
    const { activeElement } = document
    const label = activeElement?.getAttribute('aria-label') ?? activeElement?.textContent
    if (label === name) return
    await userEvent.keyboard('{Tab}')
  }
  throw new Error(`no way to ${name} by the keyboard`)
}

describe('a session that ends by itself', () => {
  test('WEB-46 says until when, links nobody, and can be ended', async () => {
    const node = await createBusyNode()
    node.world.devices = node.world.devices.map((one) =>
      one.this ? { ...one, expiresAt: Date.UTC(2026, 10, 4, 9) } : one,
    )
    shown = await showPage(node, { route: '#/devices' })
    const banner = page.getByRole('region', { name: 'This session' })
    await expect.element(banner).toHaveTextContent(/For a while only, until Nov 4/)
    await expect.element(button('Link a device')).not.toBeInTheDocument()
    await press('End it now')
    await expect.element(page.getByRole('heading', { name: /has left/ })).toBeVisible()
  })
})

describe('connection', () => {
  test('one ready relay is enough, and a lost one is said', async () => {
    const node = await createBusyNode()
    shown = await showPage(node, { route: '#/connection' })
    const summary = page.getByRole('navigation').getByRole('status')
    await expect.element(summary).toHaveTextContent('Relay ready')
    await expect.poll(() => document.querySelectorAll('.pane .row-card').length).toBe(2)
    await expect.element(page.getByText('It did not answer; next try in 8 s')).toBeVisible()
    const [first] = node.world.relays
    if (!first) throw new Error('the busy node has relays')
    node.setRelays([{ ...first, state: 'connecting', reason: 'Dialling' }])
    await expect.element(summary).toHaveTextContent('Connecting to a relay')
    node.setRelays([{ ...first, state: 'failed', reason: 'The relay went away' }])
    await expect.element(summary).toHaveTextContent('Relay not reachable')
    await expect.element(page.getByText('The relay went away')).toBeVisible()
  })

  test('what waits to go out is counted', async () => {
    shown = await showPage(await createBusyNode(), { route: '#/connection' })
    await expect.element(page.getByText(/2 sealed copies of messages wait here/)).toBeVisible()
  })
})
