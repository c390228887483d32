import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { page } from 'vitest/browser'
import { createBusyNode } from '../testing/cast.ts'
import { type ShownPage, showPage } from '../testing/show.ts'

let shown: ShownPage | undefined
beforeEach(() => page.viewport(1280, 800))
afterEach(() => shown?.leave())

const bar = () => page.getByRole('progressbar', { name: /^Messages from before/ })

describe('messages of before', () => {
  test('WEB-60 come with a line that says how far they are, and it goes when all are here', async () => {
    const node = await createBusyNode()
    node.world.history = { received: 10, total: 100, percent: 10, done: false }
    shown = await showPage(node)
    await expect.element(bar()).toHaveAttribute('value', '10')
    node.tell('history:progress', { received: 60, total: 100, percent: 60, done: false })
    await expect.element(bar()).toHaveAttribute('value', '60')
    node.tell('history:progress', { received: 100, total: 100, percent: 100, done: true })
    await expect.element(bar()).not.toBeInTheDocument()
  })

  test('WEB-60 a device that was linked from afar says when they come', async () => {
    const node = await createBusyNode()
    const waitsUntil = Date.UTC(2027, 0, 2)
    node.world.history = { received: 0, total: 0, percent: 0, done: false, waitsUntil }
    shown = await showPage(node)
    await expect.element(page.getByText(/^Messages from before come after/)).toBeVisible()
    expect(bar().elements()).toHaveLength(0)
  })

  test('WEB-60 where all are here nothing is said', async () => {
    shown = await showPage(await createBusyNode())
    await expect.element(page.getByText('Ben from work')).toBeVisible()
    expect(page.getByText(/Messages from before/).elements()).toHaveLength(0)
  })
})
