/** Damage of a home that is only just coming to an account: while it waits to be linked, and while it recovers. */

import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { damageOf, WAIT } from '../../test/damaged-device.ts'
import { accountOf, createDevices, type Devices } from '../../test/devices.ts'
import { loseEntries, rotEntries } from '../../test/rotting.ts'
import type { KithNode } from '../api/node.ts'

let devices: Devices
let phone: KithNode
let home: string

beforeEach(async () => {
  devices = createDevices()
  phone = await devices.start('phone')
  const tablet = await devices.start('tablet')
  await devices.acquaint(phone, tablet)
  home = await mkdtemp(join(tmpdir(), 'kith-young-'))
  onTestFinished(() => rm(home, { recursive: true, force: true }))
})

const startNew = (): Promise<KithNode> => devices.start('laptop', { home, newDevice: true })

/** It is in the account, knows the contact, and its store says that it is whole. */
async function expectWhole(laptop: KithNode): Promise<void> {
  expect(laptop.account).toBe(accountOf(phone))
  const names = async (): Promise<unknown> => (await laptop.contacts.list()).map(({ name }) => name)
  await expect.poll(() => names().catch(String), WAIT).toEqual(['tablet'])
  await expect.poll(() => damageOf(laptop).catch(String), WAIT).toEqual([])
}

async function linkByCode(laptop: KithNode): Promise<void> {
  const { code } = await laptop.linking.offer()
  await phone.devices.link(code, { confirm: async () => true, far: false })
}

describe('STO-58 E2 a home that lost something before it was linked is linked, and whole', () => {
  for (const damage of [loseEntries, rotEntries]) {
    test(damage.name, async () => {
      const waiting = await startNew()
      await waiting.linking.offer()
      await waiting.stop()
      expect(await damage(home, ['settings', 'device', 'cards', 'prekeys'])).toBeGreaterThan(0)
      const laptop = await startNew()
      expect(laptop.account).toBeUndefined()
      await linkByCode(laptop)
      await expectWhole(laptop)
    })
  }
})

describe('STO-58 E2 a home that loses something right after it was linked finds its account again', () => {
  for (const tables of [['device'], ['log entries'], ['device', 'log entries', 'settings']]) {
    test(tables.join(', '), async () => {
      const linked = await startNew()
      await linkByCode(linked)
      await linked.stop()
      expect(await loseEntries(home, tables)).toBeGreaterThan(0)
      await expectWhole(await startNew())
    })
  }

  test('all that linking wrote', async () => {
    const waiting = await startNew()
    await waiting.stop()
    const before = `${home}-before`
    onTestFinished(() => rm(before, { recursive: true, force: true }))
    await cp(join(home, 'data'), before, { recursive: true })
    const linked = await startNew()
    await linkByCode(linked)
    await linked.stop()
    await rm(join(home, 'data'), { recursive: true })
    await cp(before, join(home, 'data'), { recursive: true })
    await expectWhole(await startNew())
  })
})

describe('STO-58 E2 a device that recovers', () => {
  const restore = async (laptop: KithNode): Promise<void> => {
    const words = (await phone.recovery.show()).join(' ')
    const from = phone.addresses().slice(0, 1)
    await laptop.recovery.restore(words, { from, keep: ['phone'], confirm: async () => true })
  }

  test('and lost something before it asked: it recovers, and is whole', async () => {
    await (await startNew()).stop()
    expect(await loseEntries(home, ['settings', 'device'])).toBeGreaterThan(0)
    const laptop = await startNew()
    await restore(laptop)
    await expectWhole(laptop)
  })

  for (const tables of [['device'], ['log entries', 'addresses'], ['records', 'covered']]) {
    test(`and then lost ${tables.join(', ')}: a device that was kept heals it`, async () => {
      const recovered = await startNew()
      await restore(recovered)
      await recovered.stop()
      await loseEntries(home, tables)
      await expectWhole(await startNew())
    })
  }
})
