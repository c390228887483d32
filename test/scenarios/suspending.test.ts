import { describe, expect, test } from 'vitest'
import { devicesAt, heard, leftOf, stage, stateOf, textsOf, WAIT } from './standing-stage.ts'

describe('suspending', () => {
  test('OUT-13 with the first device off, another suspends a lost one', async () => {
    await using at = await stage()
    const { world, phone, laptop, desk, ben, ada } = at
    await world.stop(phone)
    const left = heard(laptop, 'account:left')

    expect(await desk.devices.suspend(laptop.device)).toMatchObject({
      state: 'suspended',
      suspended: { reason: 'lost', by: desk.device },
    })

    await expect.poll(() => left, WAIT).toEqual([{ reason: 'suspended' }])
    await expect.poll(() => devicesAt(ben, ada), WAIT).toBe(2)
  })

  test('OUT-16 OUT-3 a suspended device that shows up is readmitted without linking anew, and gets what it missed', async () => {
    await using at = await stage()
    const { world, phone, laptop, desk, ben, ada, toBen } = at
    await world.stop(laptop)
    await desk.devices.suspend(laptop.device)
    await expect.poll(() => stateOf(phone, laptop.device), WAIT).toBe('suspended')
    await expect.poll(() => devicesAt(ben, ada), WAIT).toBe(2)
    await ben.messages.send(ada, { text: 'while it was out' })
    await expect.poll(() => textsOf(phone, toBen), WAIT).toHaveLength(1)
    const [atPhone, atDesk] = [heard(phone, 'device:returned'), heard(desk, 'device:returned')]

    const back = await world.start('ada', 'laptop')
    await expect.poll(() => leftOf(back), WAIT).toBe('suspended')
    await expect.poll(() => atPhone.map(({ device }) => device), WAIT).toEqual([laptop.device])
    expect(atDesk).toEqual([])
    const ready = heard(back, 'account:ready')
    await phone.devices.readmit(laptop.device)

    await expect.poll(() => ready.length, WAIT).toBe(1)
    await expect.poll(() => textsOf(back, toBen), WAIT).toEqual(['while it was out'])
    await expect.poll(() => devicesAt(ben, ada), WAIT).toBe(3)
    await back.messages.send(toBen, { text: 'back again' })
    await expect.poll(() => textsOf(ben, ada), WAIT).toEqual(['while it was out', 'back again'])
    await expect.poll(() => textsOf(desk, toBen), WAIT).toHaveLength(2)
  })

  test('A9 two that suspend each other in a partition are both out, and both are taken back', async () => {
    await using at = await stage()
    const { world, phone, laptop, desk } = at
    world.hub.partition([[laptop.device], [desk.device], [phone.device]])
    await laptop.devices.suspend(desk.device)
    await desk.devices.suspend(laptop.device)

    world.hub.heal()

    for (const device of [laptop, desk]) {
      await expect.poll(() => leftOf(device), WAIT).toBe('suspended')
    }
    for (const device of [laptop, desk]) {
      await expect.poll(() => stateOf(phone, device.device), WAIT).toBe('suspended')
      await phone.devices.readmit(device.device)
    }
    for (const device of [laptop, desk])
      await expect.poll(() => leftOf(device), WAIT).toBe(undefined)
  })

  test('A9 OUT-7 two that suspend each other at the same time hear it from each other', async () => {
    await using at = await stage()
    const { world, phone, laptop, desk } = at
    await world.stop(phone)
    const outcomes = await Promise.allSettled([
      laptop.devices.suspend(desk.device),
      desk.devices.suspend(laptop.device),
    ])
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled'])
    for (const device of [laptop, desk]) {
      await expect.poll(() => leftOf(device), WAIT).toBe('suspended')
    }
  })

  test('A9 what an unlinked device does to others before it knows counts for nobody', async () => {
    await using at = await stage()
    const { world, phone, laptop, desk } = at
    world.hub.partition([[laptop.device], [desk.device, phone.device]])
    await phone.devices.unlink(laptop.device)
    await laptop.devices.suspend(desk.device)
    expect(await stateOf(laptop, desk.device)).toBe('suspended')

    world.hub.heal()

    await expect.poll(() => leftOf(laptop), WAIT).toBe('unlinked')
    expect(await stateOf(phone, desk.device)).toBe('active')
    expect(await leftOf(desk)).toBe(undefined)
    expect(await stateOf(desk, laptop.device)).toBe('unlinked')
  })

  test('OUT-14 whoever unlinks a device says again whom it had suspended', async () => {
    await using at = await stage()
    const { phone, laptop, desk } = at
    await laptop.devices.suspend(desk.device)
    await expect.poll(() => stateOf(phone, desk.device), WAIT).toBe('suspended')

    await phone.devices.unlink(laptop.device)

    expect(await stateOf(phone, desk.device)).toBe('suspended')
    const found = (await phone.devices.list()).find(({ device }) => device === desk.device)
    expect(found?.suspended).toMatchObject({ reason: 'lost', by: phone.device })
    await phone.devices.readmit(desk.device)
    await expect.poll(() => leftOf(desk), WAIT).toBe(undefined)
  })
})
