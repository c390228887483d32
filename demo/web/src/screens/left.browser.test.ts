import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { page, userEvent } from 'vitest/browser'
import { createBusyNode } from '../testing/cast.ts'
import { createFakeNode, fakeId } from '../testing/fake-node.ts'
import { type ShownPage, showPage } from '../testing/show.ts'

let shown: ShownPage | undefined
beforeEach(() => page.viewport(1280, 800))
afterEach(() => shown?.leave())

const press = (name: string) => userEvent.click(page.getByRole('button', { name, exact: true }))
const heading = (name: string | RegExp) => page.getByRole('heading', { name })

describe('this device is out of its account', () => {
  test.each([
    ['unlinked', 'This device was unlinked', /unlinked this one for good/],
    ['suspended', 'This device is suspended', /choose Readmit/],
    ['left', 'This device has left', /as you asked here/],
    ['expired', 'The time of this device is over', /for a while only/],
    ['recovered', 'The account began anew', /recovery words/],
    ['held', 'This device has to wait', /one too many/],
  ] as const)('WEB-45 %s: says so, and what is still here', async (reason, title, words) => {
    const node = await createBusyNode()
    shown = await showPage(node)
    await expect.element(page.getByText('Ben from work')).toBeVisible()
    node.left(reason)
    await expect.element(heading(title)).toHaveFocus()
    await expect.element(page.getByText(words)).toBeVisible()
    await expect.element(page.getByText(/still stored in this browser/)).toBeVisible()
    await expect.element(page.getByText('Ben from work')).not.toBeInTheDocument()
  })

  test('WEB-45 also when it learnt that while it was closed', async () => {
    const node = await createBusyNode()
    node.world.left = { reason: 'unlinked', hint: '' }
    shown = await showPage(node)
    await expect.element(heading('This device was unlinked')).toBeVisible()
  })

  test('WEB-45 a device that is taken back goes on by itself', async () => {
    const node = await createBusyNode()
    shown = await showPage(node)
    await expect.element(page.getByText('Ben from work')).toBeVisible()
    node.left('suspended')
    await expect.element(heading('This device is suspended')).toBeVisible()
    node.join(fakeId('aAda'))
    await expect.element(page.getByText('Ben from work')).toBeVisible()
  })

  test('WEB-45 it is erased once a person has said so twice', async () => {
    const erased: string[] = []
    const node = await createBusyNode()
    const homes = { erase: async (home: string) => void erased.push(home) }
    shown = await showPage(node, { homes })
    await expect.element(page.getByText('Ben from work')).toBeVisible()
    node.left('unlinked')
    await press('Erase this device')
    await expect.element(page.getByText(/are deleted from this browser/)).toHaveFocus()
    await press('Keep it')
    expect(erased).toEqual([])
    await press('Erase this device')
    await press('Erase it')
    await expect.element(page.getByText('I have a device')).toBeVisible()
    expect(erased).toEqual(['test'])
  })

  test('WEB-45 to be linked anew it becomes another device', async () => {
    const made: unknown[] = []
    const first = await createBusyNode()
    shown = await showPage((options) => {
      made.push(options)
      return made.length === 1 ? first : createFakeNode()
    })
    await expect.element(page.getByText('Ben from work')).toBeVisible()
    first.left('unlinked')
    await press('Link anew')
    await press('Erase and link anew')
    await expect.element(heading('Link this browser')).toBeVisible()
    expect(made.at(-1)).toEqual({ home: 'test', relays: [], newDevice: true })
  })
})
