import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { page, userEvent } from 'vitest/browser'
import { BEN, CARA, createBusyNode } from '../testing/cast.ts'
import { kithError } from '../testing/fake-node.ts'
import { type ShownPage, showPage } from '../testing/show.ts'

let shown: ShownPage | undefined
beforeEach(() => page.viewport(1280, 800))
afterEach(() => shown?.leave())

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

  test('WEB-7 how far a message has come is said in words, and follows the devices', async () => {
    const node = await createBusyNode()
    shown = await showPage(node, CHAT_WITH_OMAR)
    const omar = (await node.contacts.list()).find(({ contact }) => contact === 'aOmar') ?? BEN
    const delivery = () => document.querySelector('.delivery')?.textContent
    const { message: id } = await node.messages.send(omar.contact, { text: 'Salam' })
    await expect.poll(delivery).toBe('◔ Waiting, 0 of 1 reached')
    const message = await node.messages.get(id)
    if (!message) throw new Error('it was just sent')
    node.deliver(message, { reached: 1, of: 1, read: false })
    await expect.poll(delivery).toBe('✓✓ Reached 1 of 1')
    node.deliver(message, { reached: 1, of: 1, read: true })
    await expect.poll(delivery).toBe('✓✓ Read')
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
