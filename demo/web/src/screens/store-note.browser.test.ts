import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { page } from 'vitest/browser'
import { createBusyNode } from '../testing/cast.ts'
import { type ShownPage, showPage } from '../testing/show.ts'

let shown: ShownPage | undefined
beforeEach(() => page.viewport(1280, 800))
afterEach(() => shown?.leave())

const LOST = { kind: 'table', table: 'contents', noticedAt: Date.UTC(2026, 10, 22, 9) } as const
const note = () => page.getByText(/^This device lost some of what it had stored/)

describe('a store that lost something', () => {
  test('WEB-68 is told of when it is noticed, with what happens now, and not when it is healed', async () => {
    const node = await createBusyNode()
    shown = await showPage(node)
    await expect.element(page.getByText('Ben from work')).toBeVisible()
    expect(note().elements()).toHaveLength(0)
    node.world.damage = [LOST]
    node.tell('store:damaged', { damage: [LOST] })
    await expect.element(note()).toBeVisible()
    await expect.element(page.getByText(/from your other devices: leave one/)).toBeVisible()
    Reflect.deleteProperty(node.world, 'damage')
    node.tell('store:healed', {})
    await expect.element(note()).not.toBeInTheDocument()
  })

  test('WEB-68 whoever has no other device is told that there is no copy', async () => {
    const node = await createBusyNode()
    node.world.damage = [LOST]
    node.world.devices = node.world.devices.filter((device) => device.this)
    shown = await showPage(node)
    await expect.element(page.getByText(/No other device of yours has a copy/)).toBeVisible()
  })
})
