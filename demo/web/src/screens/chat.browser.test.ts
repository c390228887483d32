import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { page, userEvent } from 'vitest/browser'
import { BEN, CARA, createBusyNode } from '../testing/cast.ts'
import { deliveryState, kithError } from '../testing/fake-node.ts'
import { type ShownPage, showPage } from '../testing/show.ts'

let shown: ShownPage | undefined
beforeEach(() => page.viewport(1280, 800))
afterEach(() => {
  shown?.leave()
  vi.restoreAllMocks()
})

const CHAT = { route: '#/chat/aBen' }
const CHAT_WITH_OMAR = { route: '#/chat/aOmar' }
const composer = () => page.getByLabelText(/^Message to/)
const texts = (): readonly (string | null)[] =>
  [...document.querySelectorAll('.message .words')].map(({ textContent }) => textContent)

describe('a chat', () => {
  test('a chat without messages says so', async () => {
    shown = await showPage(await createBusyNode(), CHAT_WITH_OMAR)
    await expect.element(page.getByText(/No messages yet/)).toBeVisible()
  })

  test('a route to nobody says so and leads back', async () => {
    shown = await showPage(await createBusyNode(), { route: '#/chat/%E0%A4%A' })
    await expect.element(page.getByRole('alert')).toHaveTextContent('There is no such contact.')
    await userEvent.click(page.getByRole('alert').getByRole('button'))
    expect(location.hash).toBe('#/')
  })

  test('Enter sends, Shift and Enter starts a line', async () => {
    shown = await showPage(await createBusyNode(), CHAT_WITH_OMAR)
    await expect.element(composer()).toHaveFocus()
    await userEvent.keyboard('one{Shift>}{Enter}{/Shift}two{Enter}')
    await expect.poll(texts).toEqual(['one\ntwo'])
    await expect.element(composer()).toHaveValue('')
  })

  test('a message that could not be stored stays in the composer and can be sent again', async () => {
    const node = await createBusyNode()
    node.fail('messages.send', kithError('ERR_STORE_WRITE', 'the store could not be written'))
    shown = await showPage(node, CHAT_WITH_OMAR)
    await userEvent.fill(composer(), 'hello')
    await userEvent.keyboard('{Enter}')
    await expect.element(page.getByRole('alert')).toHaveTextContent(/could not store this/)
    await expect.element(composer()).toHaveValue('hello')
    await userEvent.click(page.getByRole('button', { name: 'Send again' }))
    await expect.poll(texts).toEqual(['hello'])
  })

  test('what was typed is still there after a look at another chat', async () => {
    shown = await showPage(await createBusyNode(), CHAT)
    await userEvent.fill(composer(), 'half a thought')
    await userEvent.click(page.getByRole('link', { name: CARA.name }))
    await expect.element(composer()).toHaveValue('')
    await userEvent.click(page.getByRole('link', { name: BEN.name }))
    await expect.element(composer()).toHaveValue('half a thought')
  })

  test('WEB-58 a gap is said before the message that shows it, and goes when it is filled', async () => {
    const node = await createBusyNode()
    shown = await showPage(node, CHAT)
    await expect.poll(texts).not.toEqual([])
    const shownGap = () => document.querySelector('.gap')
    const history = await node.messages.list(BEN.contact)
    const before = history.filter(({ from }) => !from.self).at(-1)?.message
    const gap = { contact: BEN.contact, device: node.device, first: 2, last: 3 } as const
    const tell = (gaps: typeof node.world.gaps): void => {
      node.world.gaps = gaps
      node.tell('message:gap', { contact: BEN.contact, gaps })
    }
    const steps = [
      ['missing', /2 messages of .* missing here, asked for/],
      ['coming', /missing here, on the way/],
      ['gone', /missing, and on none of their devices any more/],
    ] as const
    for (const [state, words] of steps) {
      tell([{ ...gap, state, ...(before ? { before } : {}) }])
      await expect.poll(() => shownGap()?.textContent).toMatch(words)
    }
    expect(shownGap()?.nextElementSibling?.className).toContain('message')
    tell([])
    await expect.poll(shownGap).toBeNull()
  })

  test('WEB-7 how far a message has come is said in words, and follows the devices', async () => {
    const node = await createBusyNode()
    shown = await showPage(node, CHAT_WITH_OMAR)
    const omar = (await node.contacts.list()).find(({ contact }) => contact === 'aOmar') ?? BEN
    const delivery = () => document.querySelector('.delivery')?.textContent
    const { message: id } = await node.messages.send(omar.contact, { text: 'Salam' })
    await expect.poll(delivery).toBe('◔ On this device only')
    const message = await node.messages.get(id)
    if (!message) throw new Error('it was just sent')
    const steps: readonly [Parameters<typeof deliveryState>[0], string | RegExp][] = [
      [{ waiting: { reason: 'sending', text: 'It is being sent' } }, '◔ Sending'],
      [{ state: 'sibling' }, '◑ On your devices'],
      [{ state: 'reached', reached: 1, of: 2 }, '✓ Reached 1 of 2'],
      [{ state: 'reached', reached: 1, of: 1 }, '✓✓ Reached 1 of 1'],
      [{ state: 'read', reached: 1, read: true, readAt: Date.UTC(2026, 1, 1) }, /^✓✓ Read \d/],
      [{ state: 'ended' }, '✗ Not delivered'],
    ]
    for (const [state, words] of steps) {
      node.deliver(message, deliveryState(state))
      await expect.poll(delivery).toMatch(words)
    }
  })

  test('WEB-50 a message that waits says for what and until when; of several the last does', async () => {
    const node = await createBusyNode()
    shown = await showPage(node, CHAT_WITH_OMAR)
    const omar = (await node.contacts.list()).find(({ contact }) => contact === 'aOmar') ?? BEN
    const away = { reason: 'away', text: "Omar's device is away", until: Date.UTC(2027, 0, 2, 12) }
    for (const text of ['one', 'two', 'three']) {
      const { message: id } = await node.messages.send(omar.contact, { text })
      const message = await node.messages.get(id)
      if (message) node.deliver(message, deliveryState({ waiting: { ...away, reason: 'away' } }))
    }
    const reasons = (): readonly (string | null)[] =>
      [...document.querySelectorAll('.message')].map(
        (item) => item.querySelector('.delivery-reason')?.textContent ?? null,
      )
    await expect
      .poll(reasons)
      .toEqual([null, null, expect.stringMatching(/^Omar's device is away · tried until .*2/)])
  })

  test('WEB-51 what is on the screen of a person who looks is read, further up it stays new', async () => {
    const node = await createBusyNode()
    await node.messages.markRead(BEN.contact)
    for (let count = 0; count < 40; count++) node.receive(BEN, `line ${count}`)
    expect(await node.messages.unread(BEN.contact)).toBe(40)
    vi.spyOn(document, 'hasFocus').mockReturnValue(false)
    shown = await showPage(node, CHAT)
    await expect.poll(texts).toContain('line 39')
    await expect.element(page.getByText('line 39', { exact: true })).toBeInViewport()
    expect(await node.messages.unread(BEN.contact)).toBe(40)
    vi.spyOn(document, 'hasFocus').mockReturnValue(true)
    window.dispatchEvent(new Event('focus'))
    await expect.poll(() => node.messages.unread(BEN.contact)).toBe(0)
    await expect.poll(() => document.querySelectorAll('.messages .news').length).toBe(0)
  })

  test('WEB-51 who has scrolled back has not read what comes below', async () => {
    vi.spyOn(document, 'hasFocus').mockReturnValue(true)
    const node = await createBusyNode()
    for (let count = 0; count < 40; count++) node.receive(BEN, `line ${count}`)
    shown = await showPage(node, CHAT)
    await expect.poll(() => node.messages.unread(BEN.contact)).toBe(0)
    const scroller = (): Element => document.querySelector('.messages') ?? document.body
    scroller().scrollTo({ top: 0 })
    await expect.poll(() => scroller().scrollTop).toBe(0)
    await new Promise((resolve) => requestAnimationFrame(resolve))
    node.receive(BEN, 'newest')
    await expect.poll(texts).toContain('newest')
    await new Promise((resolve) => requestAnimationFrame(resolve))
    expect(await node.messages.unread(BEN.contact)).toBe(1)
    scroller().scrollTo({ top: scroller().scrollHeight })
    await expect.poll(() => node.messages.unread(BEN.contact)).toBe(0)
  })

  test('a message that arrives appears at the end and in view', async () => {
    const node = await createBusyNode()
    shown = await showPage(node, CHAT)
    await expect.poll(texts).toHaveLength(5)
    for (let count = 0; count < 30; count++) node.receive(BEN, `line ${count}`)
    await expect.element(page.getByText('line 29', { exact: true })).toBeInViewport()
    expect(texts()).toHaveLength(35)
  })

  test('who has scrolled back is left there', async () => {
    const node = await createBusyNode()
    for (let count = 0; count < 40; count++) node.receive(BEN, `line ${count}`)
    shown = await showPage(node, CHAT)
    const scroller = (): Element => document.querySelector('.messages') ?? document.body
    await expect.poll(() => scroller().scrollTop).toBeGreaterThan(0)
    scroller().scrollTo({ top: 0 })
    await expect.poll(() => scroller().scrollTop).toBe(0)
    await new Promise((resolve) => requestAnimationFrame(resolve))
    node.receive(BEN, 'newest')
    await expect.poll(texts).toContain('newest')
    expect(scroller().scrollTop).toBe(0)
  })

  test('the newest hundred are shown, earlier ones on request', async () => {
    const node = await createBusyNode()
    for (let count = 0; count < 120; count++) node.receive(BEN, `line ${count}`)
    shown = await showPage(node, CHAT)
    await expect.poll(texts).toHaveLength(100)
    expect(texts().at(-1)).toBe('line 119')
    await userEvent.click(page.getByRole('button', { name: 'Earlier messages' }))
    await expect.poll(texts).toHaveLength(125)
    await expect
      .element(page.getByRole('button', { name: 'Earlier messages' }))
      .not.toBeInTheDocument()
  })

  test('a star is set and taken away, here or on a sibling', async () => {
    const node = await createBusyNode()
    shown = await showPage(node, CHAT)
    const star = page.getByRole('listitem').filter({ hasText: 'Gladly' }).getByRole('button')
    await expect.element(star).toHaveAttribute('aria-pressed', 'false')
    await userEvent.click(star)
    await expect.element(star).toHaveAttribute('aria-pressed', 'true')
    const gladly = (await node.messages.list(BEN.contact)).find(({ starred }) => starred)
    if (gladly) await node.starred.remove(gladly.message)
    await userEvent.click(page.getByRole('link', { name: 'Starred' }))
    await expect.element(page.getByRole('heading', { name: 'Starred' })).toHaveFocus()
    await expect.element(page.getByText(/Gladly/)).toBeVisible()
  })
})

test('the starred list follows', async () => {
  const node = await createBusyNode()
  shown = await showPage(node, { route: '#/starred' })
  const rows = () => page.getByRole('region', { name: 'Starred' }).getByRole('listitem')
  await expect.poll(() => rows().elements().length).toBe(1)
  await userEvent.click(page.getByRole('button', { name: 'Star', exact: true }))
  await expect.element(page.getByText(/Nothing starred/)).toBeVisible()
})
