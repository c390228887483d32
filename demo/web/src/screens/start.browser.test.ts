import type { Device, NodeOptions } from '@kithmesh/node'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { page, userEvent } from 'vitest/browser'
import { createMemoryNotes } from '../notes.ts'
import {
  createFakeNode,
  type FakeNode,
  fakeId,
  kithError,
  LINK_CODE,
  PHONE,
} from '../testing/fake-node.ts'
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
    node.offerStates.put({ state: 'confirm', digits: '419266' })
    await expect.poll(current).toBe('Compare the digits on both devices')
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

describe('linking this browser by the code of another device', () => {
  test('WEB-41 the person sees which device it will belong to, and compares the digits', async () => {
    const node = createFakeNode()
    const join = vi.spyOn(node.linking, 'join')
    shown = await showPage(node)
    await userEvent.click(page.getByText('I have a device'))
    await userEvent.click(page.getByText('Enter a code'))
    await userEvent.fill(page.getByLabelText('Link code'), 'WEB+KITH:J/AAAA')
    await userEvent.click(page.getByRole('button', { name: 'Continue' }))
    await expect.element(page.getByRole('heading', { name: /same digits/ })).toHaveFocus()
    await expect.element(page.getByText(/will belong to the account of/)).toBeVisible()
    await expect.element(page.getByRole('main')).toHaveTextContent(/419 266.*phone \(Terminal\)/)
    await userEvent.click(page.getByRole('button', { name: 'They are the same' }))
    await expect.element(page.getByRole('heading', { name: 'Contacts' })).toBeInTheDocument()
    // The screen is gone, and the other device may still have to hear that this one has everything.
    expect(join.mock.calls[0]?.[1].signal?.aborted).toBe(false)
  })

  test('WEB-41 who goes back before that joins nothing', async () => {
    const node = createFakeNode()
    const join = vi.spyOn(node.linking, 'join')
    shown = await showPage(node)
    await userEvent.click(page.getByText('I have a device'))
    await userEvent.click(page.getByText('Enter a code'))
    await userEvent.fill(page.getByLabelText('Link code'), 'WEB+KITH:J/AAAA')
    await userEvent.click(page.getByRole('button', { name: 'Continue' }))
    await expect.element(page.getByRole('heading', { name: /same digits/ })).toHaveFocus()
    shown.leave()
    await expect.poll(() => join.mock.calls[0]?.[1].signal?.aborted).toBe(true)
  })

  test('WEB-9 WEB-41 a refusal is explained, and another code can be entered', async () => {
    const node = createFakeNode()
    node.fail('linking.join', kithError('ERR_CODE_USED', 'used'))
    shown = await showPage(node)
    await userEvent.click(page.getByText('I have a device'))
    await userEvent.click(page.getByText('Enter a code'))
    await userEvent.fill(page.getByLabelText('Link code'), 'WEB+KITH:J/AAAA')
    await userEvent.click(page.getByRole('button', { name: 'Continue' }))
    await expect.element(page.getByRole('alert')).toHaveTextContent('This code was used before.')
    await userEvent.click(page.getByRole('button', { name: 'Enter another code' }))
    await expect.element(page.getByLabelText('Link code')).toHaveValue('')
  })

  test('WEB-42 A6: a code in the address is not entered here either', async () => {
    const join = vi.fn()
    const node = createFakeNode()
    node.linking.join = join
    shown = await showPage(node, { route: `#${LINK_CODE}` })
    await expect.element(page.getByText('I have a device')).toBeVisible()
    await userEvent.click(page.getByText('I have a device'))
    await userEvent.click(page.getByText('Enter a code'))
    await expect.element(page.getByLabelText('Link code')).toHaveValue('')
    expect(join).not.toHaveBeenCalled()
  })

  test('WEB-41 by the code shown here, both ask', async () => {
    const node = createFakeNode()
    shown = await showPage(node)
    await userEvent.click(page.getByText('I have a device'))
    node.offerStates.put({ state: 'waiting', code: LINK_CODE, expiresInMs: 60_000 })
    await expect.element(page.getByText(LINK_CODE)).toBeVisible()
    const answer = node.meet()
    await expect.element(page.getByRole('button', { name: 'Back' })).not.toBeInTheDocument()
    await userEvent.click(page.getByRole('button', { name: 'They differ' }))
    expect(await answer).toBe('differ')
  })
})

describe('a browser where no device lives', () => {
  const made: NodeOptions[] = []
  const erased: string[] = []
  const showEmpty = async (notes = createMemoryNotes()): Promise<FakeNode> => {
    made.length = 0
    erased.length = 0
    const node = createFakeNode({ devices: [SESSION] })
    const create = (options: NodeOptions): FakeNode => {
      made.push(options)
      return node
    }
    shown = await showPage(create, {
      homes: { has: async () => false, erase: async (home) => void erased.push(home) },
      notes,
    })
    await expect.element(page.getByText('I have a device')).toBeVisible()
    return node
  }

  test('WEB-40 opening the page makes nothing', async () => {
    await showEmpty()
    expect(made).toEqual([])
    await userEvent.click(page.getByText('I have a device'))
    await expect.poll(() => made).toEqual([{ home: 'test', relays: [], newDevice: true }])
  })

  test('WEB-46 for a while only: in memory, and nothing is noted or stands in the address', async () => {
    const notes = createMemoryNotes()
    const node = await showEmpty(notes)
    await userEvent.click(page.getByText('Use this browser for a while only'))
    await expect.element(page.getByText(/Nothing is stored here/)).toBeVisible()
    expect(made).toEqual([{ home: ':memory:', relays: [], newDevice: true }])
    node.join(fakeId('aAda'))
    const banner = page.getByRole('region', { name: 'This session' })
    await expect.element(banner).toHaveTextContent(/until Nov 4.*wipes everything here/)
    expect(page.getByRole('button', { name: 'App lock' }).elements()).toEqual([])
    const before = [location.href, history.length]
    await userEvent.click(page.getByRole('link', { name: 'Devices' }))
    await expect.element(page.getByRole('heading', { name: 'Devices' })).toBeVisible()
    expect([location.href, history.length]).toEqual(before)
    expect(notes.read()).toBeUndefined()
  })

  test('WEB-46 a session that has ended is stopped, and says that nothing is here', async () => {
    const node = await showEmpty()
    const stop = vi.spyOn(node, 'stop')
    await userEvent.click(page.getByText('Use this browser for a while only'))
    await expect.element(page.getByText(/Nothing is stored here/)).toBeVisible()
    node.join(fakeId('aAda'))
    node.left('expired')
    await expect.element(page.getByText(/nothing of it is stored in this browser/)).toBeVisible()
    expect(stop).toHaveBeenCalledOnce()
    await userEvent.click(page.getByRole('button', { name: 'Close this session' }))
    await expect.element(page.getByText('I have a device')).toBeVisible()
    // What else lives in this browser is another device.
    expect(erased).toEqual([])
  })

  test('WEB-46 whoever thinks again has left nothing of the first choice', async () => {
    await showEmpty()
    await userEvent.click(page.getByText('I have a device'))
    await expect.poll(() => made).toHaveLength(1)
    await userEvent.click(page.getByRole('button', { name: 'Back' }))
    await userEvent.click(page.getByText('Use this browser for a while only'))
    await expect.poll(() => made.map(({ home }) => home)).toEqual(['test', ':memory:'])
    expect(erased).toEqual(['test'])
  })
})

const SESSION: Device = {
  ...PHONE,
  this: true,
  path: 'this',
  linkedBy: fakeId('12D3KooWOther'),
  expiresAt: Date.UTC(2026, 10, 4, 9),
}

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
