import type { Device, DeviceAlert } from '@kithmesh/node'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { page, userEvent } from 'vitest/browser'
import { createMemoryNotes } from '../notes.ts'
import { BEN, createBusyNode } from '../testing/cast.ts'
import { type FakeNode, fakeId, OURS, PHONE } from '../testing/fake-node.ts'
import { type ShownPage, showPage } from '../testing/show.ts'

let shown: ShownPage | undefined
beforeEach(() => page.viewport(1280, 800))
afterEach(() => shown?.leave())

const press = (name: string) => userEvent.click(page.getByRole('button', { name, exact: true }))
const alerts = () => page.getByRole('region', { name: 'Alerts' })

const STRANGER: Device = {
  ...PHONE,
  device: fakeId('12D3KooWStranger'),
  name: 'Pixel',
  kind: 'browser',
  linkedBy: PHONE.device,
  // by the clock of whoever linked it: says nothing here
  addedAt: 0,
  ...OURS,
}

function linkElsewhere(node: FakeNode): void {
  node.world.devices = [...node.world.devices, STRANGER]
  node.tell('device:linked', STRANGER)
}

describe('a device was linked', () => {
  test('WEB-44 A6: on every own device it is said until somebody has seen it, also after a reload', async () => {
    const node = await createBusyNode()
    const notes = createMemoryNotes()
    shown = await showPage(node, { notes })
    await expect.element(page.getByText('Ben from work')).toBeVisible()
    await expect.poll(() => notes.read()).toContain(PHONE.device)
    expect(alerts().elements()).toHaveLength(0)
    linkElsewhere(node)
    await expect.element(alerts()).toHaveTextContent(/Pixel \(Browser\).* by phone/)
    shown.leave()
    shown = await showPage(node, { notes })
    await press('It was me')
    await expect.element(alerts()).not.toBeInTheDocument()
    shown.leave()
    shown = await showPage(node, { notes })
    await expect.element(page.getByText('Ben from work')).toBeVisible()
    expect(alerts().elements()).toHaveLength(0)
  })

  test('WEB-44 A6: one that was linked while this page was closed is said, too', async () => {
    const node = await createBusyNode()
    const notes = createMemoryNotes()
    notes.write(JSON.stringify(node.world.devices.map(({ device }) => `device ${device}`)))
    linkElsewhere(node)
    shown = await showPage(node, { notes })
    await expect.element(alerts()).toHaveTextContent('Pixel')
  })

  test('WEB-44 A6: it was not me: it is suspended at once', async () => {
    const node = await createBusyNode()
    const suspend = vi.spyOn(node.devices, 'suspend')
    shown = await showPage(node)
    await expect.element(page.getByText('Ben from work')).toBeVisible()
    linkElsewhere(node)
    await press('This was not me: suspend it')
    await expect.element(alerts()).not.toBeInTheDocument()
    expect(suspend.mock.calls.map(([device]) => device)).toEqual([STRANGER.device])
    expect(node.world.devices.at(-1)?.state).toBe('suspended')
  })

  test('WEB-44 what was noted by somebody else is not believed', async () => {
    const notes = createMemoryNotes()
    notes.write('{"devices":')
    shown = await showPage(await createBusyNode(), { notes })
    await expect.poll(() => notes.read()).toContain(PHONE.device)
  })
})

test('WEB-44 a suspended device that is back can be readmitted or left out', async () => {
  const node = await createBusyNode()
  shown = await showPage(node)
  await expect.element(page.getByText('Ben from work')).toBeVisible()
  const [, , desk] = node.world.devices
  if (!desk) throw new Error('the busy node has a desk')
  const out = { ...desk, state: 'suspended', mayReadmit: true } as const
  node.world.devices = node.world.devices.map((one) => (one.device === desk.device ? out : one))
  node.tell('device:returned', out)
  await expect.element(alerts()).toHaveTextContent(/desk is back/)
  await press('Readmit it')
  await expect.element(alerts()).not.toBeInTheDocument()
  expect(node.world.devices[2]?.state).toBe('active')
})

test('WEB-44 a device that another one put out is said to be out', async () => {
  const node = await createBusyNode()
  shown = await showPage(node)
  await expect.element(page.getByText('Ben from work')).toBeVisible()
  const [, , desk] = node.world.devices
  if (desk) await node.devices.unlink(desk.device)
  await expect.element(alerts()).toHaveTextContent(/desk is out of your account/)
  await press('All right')
  await expect.element(alerts()).not.toBeInTheDocument()
})

describe('a device was seen twice', () => {
  const forkOf = (by: Partial<DeviceAlert>): DeviceAlert => ({
    account: fakeId('aAda'),
    device: fakeId('12D3KooWDesk'),
    own: true,
    kind: 'log',
    at: 1,
    proof: new Uint8Array([1, 2, 3]),
    ...by,
  })

  test('WEB-44 an own one is named, and what to do about it', async () => {
    const node = await createBusyNode()
    node.world.alerts = [forkOf({})]
    shown = await showPage(node)
    await expect.element(alerts()).toHaveTextContent(/desk was seen twice.*Suspend it or unlink/)
    await press('I have seen it')
    await expect.element(alerts()).not.toBeInTheDocument()
  })

  test('WEB-44 one of a contact is said by the name of the contact, with its proof', async () => {
    const node = await createBusyNode()
    shown = await showPage(node)
    await expect.element(page.getByText('Ben from work')).toBeVisible()
    const fork = forkOf({ own: false, account: BEN.contact, device: fakeId('theirs') })
    node.world.alerts = [fork]
    node.tell('device:forked', fork)
    await expect.element(alerts()).toHaveTextContent(/A device of Ben from work was seen twice/)
    const saved: Blob[] = []
    const create = vi.spyOn(URL, 'createObjectURL').mockImplementation((blob) => {
      if (blob instanceof Blob) saved.push(blob)
      return '#'
    })
    await press('Save the proof')
    create.mockRestore()
    expect(await saved[0]?.arrayBuffer()).toEqual(new Uint8Array([1, 2, 3]).buffer)
  })
})
