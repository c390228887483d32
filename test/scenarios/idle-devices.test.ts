import { describe, expect, test } from 'vitest'
import { leftOf, stage, stateOf, WAIT } from './standing-stage.ts'
import type { World } from './world.ts'

const DAY_MS = 24 * 60 * 60 * 1000

describe('idle devices', () => {
  /** Days pass one by one, so that whoever is up is up on each. */
  async function pass(world: World, days: number): Promise<void> {
    for (let day = 0; day < days; day++) {
      world.time.leap(DAY_MS / 2)
      await new Promise((resolve) => setImmediate(resolve))
      world.time.leap(DAY_MS / 2)
      await new Promise((resolve) => setImmediate(resolve))
    }
  }

  test('OUT-10 a device that nobody meets for 30 days is suspended, and readmitted without linking anew', async () => {
    await using at = await stage()
    const { world, phone, laptop, desk } = at
    await world.stop(laptop)
    await pass(world, 29)
    expect(await stateOf(phone, laptop.device)).toBe('active')
    const idleIn = async (): Promise<number | undefined> =>
      (await phone.devices.list()).find(({ device }) => device === laptop.device)?.idleIn
    expect(await idleIn()).toBe(1)
    await pass(world, 2)
    await expect.poll(() => stateOf(desk, laptop.device), WAIT).toBe('suspended')
    expect(await stateOf(desk, desk.device)).toBe('active')

    const back = await world.start('ada', 'laptop')
    await expect.poll(() => leftOf(back), WAIT).toBe('suspended')
    await phone.devices.readmit(laptop.device)
    await expect.poll(() => leftOf(back), WAIT).toBe(undefined)
    await pass(world, 1)
    expect(await stateOf(phone, laptop.device)).toBe('active')
  })

  test('OUT-11 with the first device off, companions that meet each other find who is idle, never the first', async () => {
    await using at = await stage()
    const { world, phone, laptop, desk } = at
    const tablet = await world.newDevice('tablet')
    await world.link(phone, tablet)
    await expect.poll(async () => (await desk.devices.list()).length, WAIT).toBe(4)
    await world.stop(phone)
    await world.stop(laptop)
    await pass(world, 29)
    expect(await stateOf(desk, laptop.device)).toBe('active')
    await pass(world, 3)
    await expect.poll(() => stateOf(desk, laptop.device), WAIT).toBe('suspended')
    const found = (await desk.devices.list()).find(({ device }) => device === laptop.device)
    expect(found?.suspended?.reason).toBe('idle')
    expect(await stateOf(desk, phone.device)).toBe('active')
    expect(await stateOf(desk, tablet.device)).toBe('active')
  })

  test('OUT-11 a device that comes back after 40 days suspends nobody, nor does one that was alone', async () => {
    await using at = await stage()
    const { world, phone, laptop, desk } = at
    await world.stop(laptop)
    await world.stop(desk)
    await world.stop(phone)
    world.time.leap(40 * DAY_MS)

    const back = await world.start('ada', 'laptop')
    await pass(world, 35)
    expect(await stateOf(back, desk.device)).toBe('active')
    const first = await world.start('ada', 'phone')
    await pass(world, 1)
    expect(await stateOf(first, desk.device)).toBe('active')
    expect(await stateOf(back, desk.device)).toBe('active')
  })
})
