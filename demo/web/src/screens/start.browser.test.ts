import { afterEach, describe, expect, test } from 'vitest'
import { page, userEvent } from 'vitest/browser'
import { createFakeNode, fakeId, kithError, LINK_CODE } from '../testing/fake-node.ts'
import { type ShownPage, showPage } from '../testing/show.ts'

let shown: ShownPage | undefined
afterEach(() => shown?.leave())

describe('before a device belongs to an account', () => {
  test('WEB-2 a second tab is told where the device runs, and can take over', async () => {
    shown = await showPage(kithError('ERR_HOME_IN_USE', 'this home is already in use'))
    await expect
      .element(page.getByRole('heading', { name: 'Kithmesh runs in another tab' }))
      .toBeVisible()
    await expect.element(page.getByRole('button', { name: /go on here/ })).toBeVisible()
  })

  test('WEB-9 storage that cannot be opened is named, explained and can be tried again', async () => {
    shown = await showPage(kithError('ERR_STORE_OPEN', 'the browser gives no storage'))
    await expect.element(page.getByRole('alert')).toHaveTextContent(/gives this page no storage/)
    await expect.element(page.getByRole('button', { name: 'Try again' })).toBeVisible()
  })

  test('an error that nobody described is shown in the device’s own words', async () => {
    shown = await showPage(kithError('ERR_NEW', 'the moon is in the way', 'Wait until it has set.'))
    await expect.element(page.getByRole('alert')).toHaveTextContent('The moon is in the way.')
    await expect.element(page.getByRole('alert')).toHaveTextContent('Wait until it has set.')
  })
})

describe('linking this browser', () => {
  async function offer(start = createFakeNode()) {
    shown = await showPage(start)
    await userEvent.click(page.getByText('I have a device'))
    return start
  }

  test('WEB-5 the code stands there as QR and as text, with its time', async () => {
    const node = await offer()
    node.offerStates.put({ state: 'waiting', code: LINK_CODE, expiresInMs: 60_000 })
    await expect.element(page.getByRole('img', { name: /Link code/ })).toBeVisible()
    await expect.element(page.getByText(LINK_CODE)).toBeVisible()
    await expect.element(page.getByRole('timer')).toHaveTextContent(/New code in (60|59) s/)
  })

  test('WEB-5 a renewed code replaces picture and text', async () => {
    const node = await offer()
    node.offerStates.put({ state: 'waiting', code: LINK_CODE, expiresInMs: 1_000 })
    const path = (): string | null | undefined =>
      document.querySelector('.qr path')?.getAttribute('d')
    await expect.poll(path).toBeTruthy()
    const first = path()
    const renewed = LINK_CODE.replace('BNKX', 'AAAA')
    node.offerStates.put({ state: 'waiting', code: renewed, expiresInMs: 60_000 })
    await expect.element(page.getByText(renewed)).toBeVisible()
    expect(path()).not.toBe(first)
    await expect.element(page.getByText(LINK_CODE)).not.toBeInTheDocument()
    await expect.element(page.getByRole('timer')).toHaveTextContent(/New code in (60|59) s/)
  })

  test('WEB-4 each state is said in words, and linking opens the account', async () => {
    const node = await offer()
    const current = (): string | null | undefined =>
      document.querySelector('[aria-current="step"]')?.textContent
    node.offerStates.put({ state: 'waiting', code: LINK_CODE, expiresInMs: 60_000 })
    await expect.poll(current).toBe('Waiting for the code')
    node.offerStates.put({ state: 'seen' })
    await expect.poll(current).toBe('The devices have met')
    node.offerStates.put({ state: 'confirm' })
    await expect.poll(current).toBe('Confirm on the device you already have')
    node.offerStates.put({ state: 'syncing', percent: 38 })
    await expect.poll(current).toBe('Copying your account, 38 %')
    await expect.element(page.getByRole('button', { name: 'Back' })).not.toBeInTheDocument()
    node.join(fakeId('aAda'))
    await expect.element(page.getByRole('heading', { name: 'Contacts' })).toBeInTheDocument()
  })

  test('WEB-4 a failed try says why beside the next code', async () => {
    const node = await offer()
    node.offerStates.put({ state: 'waiting', code: LINK_CODE, expiresInMs: 60_000 })
    node.offerStates.put({ state: 'seen' })
    node.offerStates.put({ state: 'failed', code: 'ERR_LINK_DECLINED', message: 'declined' })
    await expect.element(page.getByRole('alert')).toHaveTextContent('The link was not confirmed.')
    node.offerStates.put({ state: 'waiting', code: LINK_CODE, expiresInMs: 60_000 })
    await expect.element(page.getByText(LINK_CODE)).toBeVisible()
    await expect.element(page.getByRole('alert')).toHaveTextContent('The link was not confirmed.')
  })

  test('a device that nobody can reach says so beside its code', async () => {
    const node = await offer(createFakeNode({ addresses: [] }))
    node.offerStates.put({ state: 'waiting', code: LINK_CODE, expiresInMs: 60_000 })
    await expect.element(page.getByText(/No relay answers yet/)).toBeVisible()
  })

  test('an offer that fails can be made again', async () => {
    const node = createFakeNode()
    node.fail('linking.offer', kithError('ERR_STORE_WRITE', 'the store could not be written'))
    await offer(node)
    await userEvent.click(page.getByRole('button', { name: 'Show a code' }))
    node.offerStates.put({ state: 'waiting', code: LINK_CODE, expiresInMs: 60_000 })
    await expect.element(page.getByText(LINK_CODE)).toBeVisible()
  })
})

test('somebody new gives a name and has an account', async () => {
  const made: unknown[] = []
  shown = await showPage((options) => {
    made.push(options)
    return options.newDevice ? createFakeNode() : createFakeNode({ account: fakeId('aAda') })
  })
  await userEvent.click(page.getByText('I’m new here'))
  await userEvent.keyboard('Ada{Enter}')
  await expect.element(page.getByText(/Nobody yet/)).toBeVisible()
  expect(made).toEqual([
    { home: 'test', relays: [], newDevice: true },
    { home: 'test', relays: [], name: 'Ada' },
  ])
})
