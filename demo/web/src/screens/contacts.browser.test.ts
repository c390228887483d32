import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { page, userEvent } from 'vitest/browser'
import { BEN, CARA, createBusyNode } from '../testing/cast.ts'
import { createFakeNode, fakeId, kithError } from '../testing/fake-node.ts'
import { type ShownPage, showPage } from '../testing/show.ts'

let shown: ShownPage | undefined
beforeEach(() => page.viewport(1280, 800))
afterEach(() => shown?.leave())

const names = (): readonly (string | null)[] =>
  [...document.querySelectorAll('.contact-name')].map(({ textContent }) => textContent)

describe('contacts', () => {
  test('an account without contacts says what to do', async () => {
    shown = await showPage(createFakeNode({ account: fakeId('aAda') }))
    await expect.element(page.getByText(/Invite makes a code for somebody/)).toBeVisible()
  })

  test('contacts stand in the order of their names, and move when a sibling renames one', async () => {
    const node = createFakeNode({ account: fakeId('aAda'), contacts: [named('b'), named('a')] })
    shown = await showPage(node)
    await expect.poll(names).toEqual(['a', 'b'])
    await node.contacts.rename(fakeId('b'), 'A 0')
    await expect.poll(names).toEqual(['a', 'A 0'])
  })

  test('a list that cannot be read says why and is read again', async () => {
    const node = await createBusyNode()
    node.fail('contacts.list', kithError('ERR_STORE_CORRUPT', 'a value is damaged'))
    shown = await showPage(node)
    await expect.element(page.getByRole('alert')).toHaveTextContent(/is damaged/)
    await userEvent.click(page.getByRole('button', { name: 'Try again' }))
    await expect.poll(names).toContain(BEN.name)
  })

  test('a contact is renamed in place: Enter keeps, Esc does not', async () => {
    const node = await createBusyNode()
    shown = await showPage(node)
    await userEvent.click(page.getByRole('button', { name: 'Rename Ben from work' }))
    await userEvent.keyboard('Ben{Escape}')
    await expect.poll(names).toContain('Ben from work')
    await expect.element(page.getByRole('button', { name: 'Rename Ben from work' })).toHaveFocus()
    await userEvent.keyboard('{Enter}')
    await userEvent.keyboard('Benjamin{Enter}')
    await expect.poll(names).toContain('Benjamin')
    expect((await node.contacts.list()).map(({ name }) => name)).toContain('Benjamin')
  })

  test('a name that is refused stays in the editor with the reason', async () => {
    const node = await createBusyNode()
    node.fail('contacts.rename', kithError('ERR_NAME', 'a name is at most 128 characters'))
    shown = await showPage(node)
    await userEvent.click(page.getByRole('button', { name: 'Rename Ben from work' }))
    await userEvent.keyboard('Benjamin{Enter}')
    await expect.element(page.getByRole('alert')).toHaveTextContent('This name cannot be used.')
    await expect.element(page.getByLabelText(/New name/)).toHaveValue('Benjamin')
  })

  test('who wrote meanwhile is marked, and heard', async () => {
    const node = await createBusyNode()
    shown = await showPage(node, { route: '#/chat/aBen' })
    await expect.poll(names).toContain(CARA.name)
    node.receive(CARA, 'Are you there?')
    await expect.element(page.getByText('New', { exact: true })).toBeVisible()
    await expect.element(page.getByText(`${CARA.name}: Are you there?`)).toBeInTheDocument()
    await userEvent.click(page.getByRole('link', { name: CARA.name }))
    await expect.element(page.getByText('New', { exact: true })).not.toBeInTheDocument()
  })
})

describe('codes between people', () => {
  test('an invite code is shown as QR and text', async () => {
    shown = await showPage(await createBusyNode())
    await userEvent.click(page.getByRole('button', { name: 'Invite' }))
    await expect.element(page.getByRole('img', { name: /Invite code/ })).toBeVisible()
    await expect.element(page.getByText(/^WEB\+KITH:C\//)).toBeVisible()
  })

  test('adding by a code opens the chat', async () => {
    shown = await showPage(await createBusyNode())
    await userEvent.click(page.getByRole('button', { name: 'Add' }))
    await expect.element(page.getByLabelText('Invite code')).toHaveFocus()
    await userEvent.keyboard('WEB+KITH:C/AAAA')
    await userEvent.fill(page.getByLabelText(/^Name/), 'Dora')
    await userEvent.keyboard('{Enter}')
    await expect.element(page.getByRole('heading', { name: 'Dora' })).toBeVisible()
    expect(location.hash).toBe('#/chat/aNew')
  })

  test('WEB-9 a code of the other kind is told from a damaged one', async () => {
    const node = await createBusyNode()
    node.fail('contacts.add', kithError('ERR_CODE_KIND', 'not an invite code'))
    shown = await showPage(node)
    await userEvent.click(page.getByRole('button', { name: 'Add' }))
    await userEvent.keyboard('WEB+KITH:L/AAAA')
    await userEvent.click(page.getByRole('dialog').getByRole('button', { name: 'Add' }))
    await expect.element(page.getByRole('alert')).toHaveTextContent('another kind of code')
  })

  test('Esc closes a sheet and gives the focus back', async () => {
    shown = await showPage(await createBusyNode())
    await userEvent.click(page.getByRole('button', { name: 'Add' }))
    await expect.element(page.getByRole('dialog')).toBeVisible()
    await userEvent.keyboard('{Escape}')
    await expect.element(page.getByRole('dialog')).not.toBeInTheDocument()
    await expect.element(page.getByRole('button', { name: 'Add' })).toHaveFocus()
  })
})

describe('a narrow page', () => {
  test('WEB-8 shows one pane at a time, with a way back', async () => {
    await page.viewport(390, 780)
    shown = await showPage(await createBusyNode())
    await userEvent.click(page.getByRole('link', { name: 'Ben from work' }))
    await expect.element(page.getByRole('heading', { name: /Ben from work/ })).toBeVisible()
    await expect.element(page.getByRole('link', { name: 'Devices' })).not.toBeInTheDocument()
    await userEvent.click(page.getByRole('link', { name: 'Back to contacts' }))
    await expect.element(page.getByRole('link', { name: 'Devices' })).toBeVisible()
    await expect.element(page.getByRole('heading', { name: 'Contacts' })).toHaveFocus()
  })
})

function named(name: string) {
  return { ...BEN, contact: fakeId<typeof BEN.contact>(name), name }
}
