import { afterEach, describe, expect, test } from 'vitest'
import { page, userEvent } from 'vitest/browser'
import { BEN, CARA, createBusyNode } from '../testing/cast.ts'
import { type ShownPage, showPage } from '../testing/show.ts'

let shown: ShownPage | undefined
afterEach(() => {
  shown?.leave()
  document.documentElement.style.colorScheme = ''
})

const names = (within: Element | Document = document): readonly (string | null)[] =>
  [...within.querySelectorAll('.contacts .contact-name')].map(({ textContent }) => textContent)
const check = (name: RegExp | string): ReturnType<typeof page.getByRole> =>
  page.getByRole('checkbox', { name })

describe('WEB-66 chats as the person arranges them', () => {
  test('WEB-66 pinned on top, archived folded away; from a sibling as from here', async () => {
    const node = await createBusyNode()
    shown = await showPage(node)
    await expect.poll(names).toHaveLength(3)
    const last = names().at(-1)
    const contact = (await node.contacts.list()).find(({ name }) => name === last) ?? BEN
    await node.chats.edit(contact.contact, { pinned: true })
    await expect.poll(() => names()[0]).toBe(last)
    await node.chats.edit(contact.contact, { archived: true })
    const folded = page.getByText('Archived (1)')
    await expect.element(folded).toBeVisible()
    await expect.poll(() => names(document.querySelector('.archived') ?? document)).toEqual([last])
    await userEvent.click(folded)
    await expect.element(page.getByRole('link', { name: contact.name })).toBeVisible()
  })

  test('WEB-66 everything is set in one sheet, and shows at once', async () => {
    const node = await createBusyNode()
    shown = await showPage(node, { route: '#/chat/aBen' })
    await userEvent.click(page.getByRole('button', { name: 'Chat settings' }))
    await userEvent.click(check('Keep it on top'))
    await expect.element(check('Keep it on top')).toBeChecked()
    expect((await node.chats.get(BEN.contact)).pinnedAt).toBeDefined()
    await userEvent.click(page.getByRole('button', { name: 'Always' }))
    await expect.element(page.getByText('Muted until you unmute it.')).toBeVisible()
    await userEvent.click(page.getByRole('button', { name: 'Unmute' }))
    await expect.element(page.getByText('You hear of it.')).toBeVisible()
    await userEvent.click(page.getByRole('button', { name: '8 hours' }))
    await expect.element(page.getByText(/^Muted until .*\d/)).toBeVisible()
    await userEvent.fill(page.getByLabelText('New label'), 'Work')
    await userEvent.click(page.getByRole('button', { name: 'Add label' }))
    await expect.element(check('Work')).toBeChecked()
    await expect.poll(() => document.querySelector('.contacts .label')?.textContent).toBe('Work')
    await userEvent.click(check('Work'))
    await expect.poll(() => document.querySelector('.contacts .label')).toBeNull()
  })
})

describe('WEB-64 WEB-67 settings', () => {
  test('WEB-67 quiet hours: on, a day off, another time, a zone', async () => {
    const node = await createBusyNode()
    shown = await showPage(node, { route: '#/settings' })
    await userEvent.click(check('Tell me of nothing at certain hours'))
    await userEvent.click(check('Sunday'))
    await expect.poll(() => node.settings.get('quiet-hours.sunday')).toBe('never')
    await userEvent.fill(page.getByLabelText('Monday, from'), '09:30')
    await expect.poll(() => node.settings.get('quiet-hours.monday')).toBe('09:30-07:00')
    await userEvent.selectOptions(page.getByLabelText('By the clock of'), 'Asia/Tokyo')
    await expect.poll(() => node.settings.get('quiet-hours.time-zone')).toBe('Asia/Tokyo')
    await userEvent.click(check('Sunday'))
    await expect.poll(() => node.settings.get('quiet-hours.sunday')).toBe('22:00-07:00')
  })

  test('WEB-64 a setting of a sibling shows; the colours follow it', async () => {
    const node = await createBusyNode()
    shown = await showPage(node, { route: '#/settings' })
    await expect.element(check('Let contacts know what I have read')).toBeChecked()
    await node.settings.set('receipts.read', false)
    await expect.element(check('Let contacts know what I have read')).not.toBeChecked()
    await node.settings.set('appearance.theme', 'dark')
    await expect.poll(() => document.documentElement.style.colorScheme).toBe('dark')
    await node.settings.set('appearance.theme', 'system')
    await expect.poll(() => document.documentElement.style.colorScheme).toBe('')
  })
})

describe('WEB-65 what is silent is not said', () => {
  const said = (): string | null | undefined =>
    document.querySelector('p[role="status"].heard')?.textContent

  test('WEB-65 a message is said aloud unless its chat is muted or it is quiet', async () => {
    const node = await createBusyNode()
    shown = await showPage(node)
    await expect.poll(names).toHaveLength(3)
    node.receive(CARA, 'you hear this')
    await expect.poll(said).toContain('you hear this')
    node.world.preferences.notify = { notify: false, reason: 'muted' }
    node.receive(BEN, 'not this')
    await expect.poll(() => document.querySelectorAll('.contacts .news').length).toBe(2)
    expect(said()).toContain('you hear this')
    node.world.preferences.notify = { notify: true }
    node.receive(CARA, 'and this')
    await expect.poll(said).toContain('and this')
  })
})
