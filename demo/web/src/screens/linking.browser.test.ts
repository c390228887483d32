import { encodeQR } from 'qr'
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import { page, userEvent } from 'vitest/browser'
import { createBusyNode } from '../testing/cast.ts'
import { type FakeNode, kithError, LINK_CODE } from '../testing/fake-node.ts'
import { type ShownPage, showPage } from '../testing/show.ts'

let shown: ShownPage | undefined
beforeEach(() => page.viewport(1280, 900))
afterEach(() => shown?.leave())

const row = (name: string) => page.getByRole('listitem').filter({ hasText: name })
const press = (name: string) => userEvent.click(page.getByRole('button', { name, exact: true }))
const sheet = () => page.getByRole('dialog')
const codeField = () => page.getByLabelText('Link code')
const typed = () => page.getByLabelText('Six digits shown on the new device')

async function openSheet(node: FakeNode): Promise<void> {
  shown = await showPage(node, { route: '#/devices' })
  await press('Link a device')
}

async function readCode(node: FakeNode): Promise<void> {
  await openSheet(node)
  await expect.element(codeField()).toHaveFocus()
  await userEvent.keyboard('WEB+KITH:L/AAAA')
  await press('Continue')
}

async function showCode(node: FakeNode): Promise<void> {
  await openSheet(node)
  await userEvent.click(page.getByText('Show a code', { exact: true }))
  node.offerStates.put({ state: 'waiting', code: LINK_CODE, expiresInMs: 60_000 })
  await expect.element(page.getByText(LINK_CODE)).toBeVisible()
}

function far(node: FakeNode): FakeNode {
  node.found = { ...node.found, distance: 'far' }
  return node
}

describe('linking a device by the code it shows', () => {
  test('WEB-6 WEB-41 a near device is named, and linked when the digits are the same', async () => {
    const node = await createBusyNode()
    await readCode(node)
    await expect.element(page.getByRole('heading', { name: /same digits on both/ })).toHaveFocus()
    await expect.element(sheet()).toHaveTextContent(/419 266.*Pixel.*Browser.*Near/)
    await press('They are the same: link')
    await expect.element(sheet()).toHaveTextContent('Pixel is linked.')
    await press('Done')
    await expect.element(row('Pixel')).toHaveTextContent(/by Chrome on Linux/)
    await expect.element(row('Pixel')).not.toHaveTextContent(/out by itself/)
  })

  test('WEB-6 WEB-41 a far device takes the digits of its own screen, which are not on this one', async () => {
    await readCode(far(await createBusyNode()))
    await expect.element(page.getByRole('heading', { name: 'Is this your device?' })).toHaveFocus()
    await expect.element(sheet()).toHaveTextContent(/not on your network.*after 24 hours/)
    await expect.element(sheet()).not.toHaveTextContent(/419/)
    await userEvent.fill(typed(), '419 266')
    await press('Continue')
    await expect.element(sheet()).toHaveTextContent(/The digits are the same.*419 266/)
    await press('Link far device')
    await expect.element(sheet()).toHaveTextContent('Pixel is linked.')
  })

  test('WEB-41 other digits link nothing', async () => {
    const node = far(await createBusyNode())
    await readCode(node)
    await userEvent.fill(typed(), '419267')
    await press('Continue')
    await expect.element(page.getByRole('alert')).toHaveTextContent(/not the digits/)
    await press('They differ: end it')
    await expect.element(page.getByRole('alert')).toHaveTextContent(/did not show the same digits/)
    expect(node.world.devices).toHaveLength(4)
  })

  test('WEB-41 that they differ is said to both, and another code can be entered', async () => {
    const node = await createBusyNode()
    await readCode(node)
    await press('They differ')
    await expect.element(page.getByRole('alert')).toHaveTextContent(/did not show the same digits/)
    await press('Enter another code')
    await expect.element(codeField()).toHaveValue('')
    expect(node.world.devices).toHaveLength(4)
  })

  test('WEB-46 a device can be linked for a while only', async () => {
    const node = await createBusyNode()
    await readCode(node)
    await userEvent.click(page.getByLabelText(/Only for a while/))
    await userEvent.click(page.getByLabelText('7 days'))
    await press('They are the same: link')
    await press('Done')
    await expect.element(row('Pixel')).toHaveTextContent(/out by itself Nov 10/)
  })

  test.each([
    ['All', undefined],
    ['Those of the last 30 days', Date.UTC(2026, 9, 4, 9)],
    ['Only new ones', Date.UTC(2026, 10, 3, 9)],
  ])('WEB-69 HIS-8 it is said how far back it gets messages: %s', async (label, since) => {
    const node = await createBusyNode()
    await readCode(node)
    await userEvent.selectOptions(page.getByLabelText('Messages it gets'), label)
    await press('They are the same: link')
    await press('Done')
    expect(node.world.devices.find(({ name }) => name === 'Pixel')?.historySince).toBe(since)
  })

  test('WEB-46 a device that says it is temporary never stays', async () => {
    const node = await createBusyNode()
    node.found = { ...node.found, temporary: true }
    await readCode(node)
    await expect.element(sheet()).toHaveTextContent(/for a while only/)
    await expect.element(page.getByLabelText(/Only for a while/)).not.toBeInTheDocument()
    await expect.element(page.getByLabelText('12 hours')).toBeChecked()
    await press('They are the same: link')
    await press('Done')
    await expect.element(row('Pixel')).toHaveTextContent(/out by itself Nov 3/)
  })

  test('WEB-6 closing the sheet while it asks links nothing', async () => {
    const node = await createBusyNode()
    await readCode(node)
    await expect.element(sheet()).toHaveTextContent('Pixel')
    await userEvent.keyboard('{Escape}')
    await expect.element(sheet()).not.toBeInTheDocument()
    expect(node.world.devices).toHaveLength(4)
  })

  test.each([
    ['ERR_CODE_EXPIRED', 'This code is too old.'],
    ['ERR_CODE_USED', 'This code was used before.'],
    ['ERR_CODE_MALFORMED', 'This is not a whole code.'],
    ['ERR_CODE_ROLE', 'This code is for the other kind of device.'],
    ['ERR_LINK_TIMEOUT', 'Nobody confirmed in time.'],
    ['ERR_UNREACHABLE', 'The other device cannot be reached.'],
  ])('WEB-9 %s is explained', async (code, words) => {
    const node = await createBusyNode()
    node.fail('devices.link', kithError(code, 'no'))
    await readCode(node)
    await expect.element(page.getByRole('alert')).toHaveTextContent(words)
    await expect.element(page.getByRole('button', { name: 'Enter another code' })).toBeVisible()
  })

  test('WEB-10 WEB-41 linking takes a keyboard only', async () => {
    const node = await createBusyNode()
    shown = await showPage(node, { route: '#/devices' })
    await expect.element(page.getByRole('button', { name: 'Link a device' })).toBeVisible()
    await tabTo('Link a device')
    await userEvent.keyboard('{Enter}')
    await expect.element(codeField()).toHaveFocus()
    await userEvent.keyboard('WEB+KITH:L/AAAA')
    await tabTo('Continue')
    await userEvent.keyboard('{Enter}')
    await tabTo('They are the same: link')
    await userEvent.keyboard('{Enter}')
    await expect.element(page.getByRole('button', { name: 'Done' })).toHaveFocus()
    await userEvent.keyboard('{Enter}')
    await expect.element(row('Pixel')).toBeVisible()
  })
})

describe('linking a device by a code shown here', () => {
  test('WEB-5 WEB-41 whoever reads it is known by its digits alone, near or far', async () => {
    const node = await createBusyNode()
    await showCode(node)
    await expect.element(page.getByRole('img', { name: /Link code/ })).toBeVisible()
    const answer = node.meet()
    await expect.element(sheet()).toHaveTextContent(/Pixel.*Near.*Whoever saw the code/)
    await expect.element(sheet()).not.toHaveTextContent(/419/)
    await userEvent.fill(typed(), '419-266')
    await press('Continue')
    await press('Link it')
    expect(await answer).toEqual({ history: 'all' })
    await expect.element(sheet()).toHaveTextContent('Pixel is linked.')
  })

  test('WEB-4 a failed try says why beside the next code', async () => {
    const node = await createBusyNode()
    await showCode(node)
    node.offerStates.put({ state: 'seen' })
    node.offerStates.put({ state: 'failed', code: 'ERR_LINK_TIMEOUT', message: 'late' })
    node.offerStates.put({ state: 'waiting', code: LINK_CODE, expiresInMs: 60_000 })
    await expect.element(page.getByRole('alert')).toHaveTextContent('Nobody confirmed in time.')
    await expect.element(page.getByText(LINK_CODE)).toBeVisible()
  })

  test('WEB-6 no is an answer, too', async () => {
    const node = await createBusyNode()
    await showCode(node)
    const answer = node.meet().catch(() => 'refused')
    await press('No, not mine')
    expect(await answer).toBe('refused')
    expect(node.world.devices).toHaveLength(4)
  })
})

describe('a code that nobody entered', () => {
  test.each([
    ['fragment', `#${LINK_CODE}`],
    ['fragment as a route', `#/devices/${LINK_CODE}`],
    ['query', `?code=${LINK_CODE}#/devices`],
    ['link in a fragment', `#/link/${LINK_CODE}`],
  ])('WEB-42 A6: in the %s of the address it links nothing and fills nothing', async (_, route) => {
    const before = `${location.pathname}${location.search}`
    onTestFinished(() => history.replaceState(null, '', before))
    const node = await createBusyNode()
    const link = vi.spyOn(node.devices, 'link')
    shown = await showPage(node, { route })
    await expect.element(page.getByRole('navigation')).toBeVisible()
    expect(document.querySelector('dialog')).toBeNull()
    location.hash = '#/devices'
    await press('Link a device')
    await expect.element(codeField()).toHaveValue('')
    expect(link).not.toHaveBeenCalled()
    expect(node.world.devices).toHaveLength(4)
  })

  test('WEB-42 A6: in a message it is text, and no link', async () => {
    const node = await createBusyNode()
    const [ben] = node.world.contacts
    if (!ben) throw new Error('the busy node has contacts')
    node.receive(ben, LINK_CODE)
    shown = await showPage(node, { route: `#/chat/${ben.contact}` })
    const words = page.getByText(LINK_CODE)
    await expect.element(words).toBeVisible()
    expect(words.element().closest('a, button')).toBeNull()
  })
})

test('WEB-41 a code that the camera sees is entered by itself', async () => {
  const camera = cameraThatSees(LINK_CODE)
  const scan = vi.spyOn(navigator.mediaDevices, 'getUserMedia').mockResolvedValue(camera)
  onTestFinished(() => scan.mockRestore())
  const node = await createBusyNode()
  const link = vi.spyOn(node.devices, 'link')
  await openSheet(node)
  await press('Scan with the camera')
  await expect.element(sheet()).toHaveTextContent('The same digits on both?')
  expect(link.mock.calls.map(([code]) => code)).toEqual([LINK_CODE])
  await expect.poll(() => camera.getTracks().map(({ readyState }) => readyState)).toEqual(['ended'])
})

test('WEB-9 without a camera the code is pasted', async () => {
  const denied = new DOMException('no', 'NotAllowedError')
  const scan = vi.spyOn(navigator.mediaDevices, 'getUserMedia').mockRejectedValue(denied)
  onTestFinished(() => scan.mockRestore())
  await openSheet(await createBusyNode())
  await press('Scan with the camera')
  await expect.element(page.getByRole('alert')).toHaveTextContent('The camera cannot be used.')
  await press('Paste the code')
  await expect.element(codeField()).toBeVisible()
})

/** A picture of a code, as a stream. */
function cameraThatSees(code: string): MediaStream {
  const pixels = 8
  const rows = encodeQR(code, 'raw', { ecc: 'medium', border: 4 })
  const canvas = document.createElement('canvas')
  canvas.width = canvas.height = rows.length * pixels
  const drawing = canvas.getContext('2d')
  if (!drawing) throw new Error('no canvas')
  const draw = (): void => {
    drawing.fillStyle = '#fff'
    drawing.fillRect(0, 0, canvas.width, canvas.height)
    drawing.fillStyle = '#000'
    for (const [y, row] of rows.entries()) {
      for (const [x, dark] of row.entries()) {
        if (dark) drawing.fillRect(x * pixels, y * pixels, pixels, pixels)
      }
    }
  }
  draw()
  // A stream of a canvas has a picture whenever something is drawn.
  const drawingOn = setInterval(draw, 50)
  onTestFinished(() => clearInterval(drawingOn))
  return canvas.captureStream(20)
}

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
