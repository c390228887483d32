import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { page, userEvent } from 'vitest/browser'
import { createBusyNode } from '../testing/cast.ts'
import { type FakeNode, kithError } from '../testing/fake-node.ts'
import { type ShownPage, showPage } from '../testing/show.ts'

let shown: ShownPage | undefined
beforeEach(() => page.viewport(1280, 800))
afterEach(() => shown?.leave())

const row = (name: string) => page.getByRole('listitem').filter({ hasText: name })

describe('devices', () => {
  test('each has its kind, its path and the reason for it', async () => {
    shown = await showPage(await createBusyNode(), { route: '#/devices' })
    await expect.element(row('Chrome on Linux')).toHaveTextContent('This device')
    await expect.element(row('desk')).toHaveTextContent(/Over a relay.*no UDP/)
    await expect.element(row('desk')).toHaveTextContent('2 changes behind')
    await expect.element(row('old tablet')).toHaveTextContent(/Away.*last seen/)
  })

  test('a device is renamed in place', async () => {
    const node = await createBusyNode()
    shown = await showPage(node, { route: '#/devices' })
    await userEvent.click(page.getByRole('button', { name: 'Rename desk' }))
    await userEvent.keyboard('attic{Enter}')
    await expect.element(row('attic')).toBeVisible()
  })
})

describe('linking a device', () => {
  async function linkFrom(node: FakeNode): Promise<void> {
    shown = await showPage(node, { route: '#/devices' })
    await userEvent.click(page.getByRole('button', { name: 'Link a device' }))
    await expect.element(page.getByLabelText('Link code')).toHaveFocus()
    await userEvent.keyboard('WEB+KITH:L/AAAA')
    await userEvent.click(page.getByRole('button', { name: 'Continue' }))
  }
  const sheet = () => page.getByRole('dialog')

  test('WEB-6 a near device is named and takes one yes', async () => {
    const node = await createBusyNode()
    await linkFrom(node)
    await expect.element(sheet()).toHaveTextContent(/Pixel.*Browser.*Near/)
    await expect.element(page.getByRole('heading', { name: 'Is this your device?' })).toHaveFocus()
    await userEvent.click(page.getByRole('button', { name: 'Yes, link it' }))
    await expect.element(sheet()).toHaveTextContent('Pixel is linked.')
    await userEvent.click(page.getByRole('button', { name: 'Done' }))
    await expect.element(row('Pixel')).toBeVisible()
  })

  test('WEB-6 a far device takes a second, deliberate step', async () => {
    const node = await createBusyNode()
    node.found = { ...node.found, distance: 'far' }
    await linkFrom(node)
    const yes = page.getByRole('button', { name: 'Link far device' })
    await expect.element(yes).toBeDisabled()
    await expect.element(sheet()).toHaveTextContent(/after 24 hours/)
    await userEvent.click(page.getByLabelText(/I see this device in front of me/))
    await userEvent.click(yes)
    await expect.element(sheet()).toHaveTextContent('Pixel is linked.')
  })

  test('WEB-6 a no ends it, and another code can be entered', async () => {
    const node = await createBusyNode()
    await linkFrom(node)
    await userEvent.click(page.getByRole('button', { name: 'No, not mine' }))
    await expect.element(page.getByRole('alert')).toHaveTextContent('The link was not confirmed.')
    await userEvent.click(page.getByRole('button', { name: 'Enter another code' }))
    await expect.element(page.getByLabelText('Link code')).toHaveValue('')
    expect(node.world.devices).toHaveLength(4)
  })

  test('WEB-6 closing the sheet while it asks links nothing', async () => {
    const node = await createBusyNode()
    await linkFrom(node)
    await expect.element(sheet()).toHaveTextContent('Pixel')
    await userEvent.keyboard('{Escape}')
    await expect.element(sheet()).not.toBeInTheDocument()
    expect(node.world.devices).toHaveLength(4)
  })

  test.each([
    ['ERR_CODE_EXPIRED', 'This code is too old.'],
    ['ERR_CODE_USED', 'This code was used before.'],
    ['ERR_CODE_MALFORMED', 'This is not a whole code.'],
    ['ERR_UNREACHABLE', 'The other device cannot be reached.'],
  ])('WEB-9 %s is explained', async (code, words) => {
    const node = await createBusyNode()
    node.fail('devices.link', kithError(code, 'no'))
    await linkFrom(node)
    await expect.element(page.getByRole('alert')).toHaveTextContent(words)
    await expect.element(page.getByRole('button', { name: 'Enter another code' })).toBeVisible()
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
