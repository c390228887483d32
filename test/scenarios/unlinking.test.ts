import { describe, expect, test } from 'vitest'
import {
  devicesAt,
  heard,
  leftOf,
  refusal,
  stage,
  stateOf,
  textsOf,
  WAIT,
} from './standing-stage.ts'

describe('unlinking', () => {
  test('OUT-7 OUT-8 the unlinked device learns it at once, keeps its data and does nothing more', async () => {
    await using at = await stage()
    const { phone, laptop, desk, ben, ada, toBen } = at
    await ben.messages.send(ada, { text: 'before' })
    await expect.poll(() => textsOf(laptop, toBen), WAIT).toEqual(['before'])
    const left = heard(laptop, 'account:left')
    const removed = heard(desk, 'device:removed')

    await phone.devices.unlink(laptop.device)

    await expect.poll(() => left, WAIT).toEqual([{ reason: 'unlinked' }])
    expect(await leftOf(laptop)).toBe('unlinked')
    for (const call of [laptop.devices.list(), laptop.messages.send(toBen, { text: 'after' })]) {
      expect(await refusal(call)).toBe('ERR_DEVICE_OUT +hint')
    }
    await expect
      .poll(() => removed.map(({ name, state }) => [name, state]), WAIT)
      .toEqual([['laptop', 'unlinked']])
    await expect.poll(() => devicesAt(ben, ada), WAIT).toBe(2)
  })
})

test('A8 OUT-2 what is written after an unlinking in a partition never reaches the unlinked, nor the other way', async () => {
  await using at = await stage()
  const { world, phone, laptop, desk, ben, ada, toBen } = at
  world.hub.partition([[laptop.device], [phone.device, desk.device, ben.device]])
  await phone.devices.unlink(laptop.device)
  await expect.poll(() => devicesAt(ben, ada), WAIT).toBe(2)
  await ben.messages.send(ada, { text: 'not for the laptop' })
  await desk.messages.send(toBen, { text: 'nor this' })
  await desk.contacts.rename(toBen, 'Benjamin')
  await expect.poll(() => textsOf(phone, toBen), WAIT).toHaveLength(2)
  // The laptop knows nothing of it, and goes on.
  await laptop.messages.send(toBen, { text: 'from the laptop' })
  await laptop.contacts.rename(toBen, 'Laptop’s Ben')
  const received = heard(laptop, 'message:received')

  world.hub.heal()

  await expect.poll(() => leftOf(laptop), WAIT).toBe('unlinked')
  expect(received).toEqual([])
  for (const device of [phone, desk]) {
    expect(await textsOf(device, toBen)).toEqual(['not for the laptop', 'nor this'])
    expect((await device.contacts.list()).map(({ name }) => name)).toEqual(['Benjamin'])
  }
  expect(await textsOf(ben, ada)).toEqual(['not for the laptop', 'nor this'])
})

test('A7 OUT-6 a contact seals nothing more for a removed device, and counts those that are in', async () => {
  await using at = await stage()
  const { world, phone, laptop, ben, ada } = at
  await world.stop(laptop)
  const sent = await ben.messages.send(ada, { text: 'to three' })
  const stateNow = async (): Promise<unknown> => (await ben.messages.get(sent.message))?.delivery
  await expect.poll(stateNow, WAIT).toMatchObject({ reached: 2, of: 3, read: false })
  expect((await ben.status()).pending).toBe(1)
  const counted = heard(ben, 'message:delivery')

  await phone.devices.suspend(laptop.device)

  await expect.poll(async () => (await ben.status()).pending, WAIT).toBe(0)
  expect(await stateNow()).toMatchObject({ reached: 2, of: 2, read: false })
  expect(counted.at(-1)).toMatchObject({ message: sent.message, delivery: { reached: 2, of: 2 } })
  await ben.messages.send(ada, { text: 'to two' })
  await expect.poll(async () => (await ben.status()).pending, WAIT).toBe(0)
})

test('OUT-8 a device that leaves is out for all, and can be taken back', async () => {
  await using at = await stage()
  const { phone, laptop, desk, ben, ada } = at
  await laptop.devices.leave()
  await expect.poll(() => leftOf(laptop), WAIT).toBe('left')
  for (const device of [phone, desk]) {
    await expect.poll(() => stateOf(device, laptop.device), WAIT).toBe('suspended')
  }
  await expect.poll(() => devicesAt(ben, ada), WAIT).toBe(2)
  await phone.devices.readmit(laptop.device)
  await expect.poll(() => leftOf(laptop), WAIT).toBe(undefined)
  expect(await stateOf(laptop, laptop.device)).toBe('active')
})

test('OUT-15 a device that is killed behind the batch tells of the removal when it is up again', async () => {
  await using at = await stage()
  const { world, phone, laptop, desk, ben, ada } = at
  world.hub.partition([[phone.device]])
  await phone.devices.unlink(laptop.device)
  await world.stop(phone)
  world.hub.heal()
  expect(await stateOf(desk, laptop.device)).toBe('active')
  expect(await devicesAt(ben, ada)).toBe(3)

  await world.start('ada', 'phone')

  await expect.poll(() => stateOf(desk, laptop.device), WAIT).toBe('unlinked')
  await expect.poll(() => leftOf(laptop), WAIT).toBe('unlinked')
  await expect.poll(() => devicesAt(ben, ada), WAIT).toBe(2)
})

test('OUT-7 a device that meets only a contact hears from it that it was unlinked', async () => {
  await using at = await stage()
  const { world, phone, laptop, desk, ben, ada } = at
  world.hub.partition([[phone.device, desk.device, ben.device], [laptop.device]])
  await phone.devices.unlink(laptop.device)
  await expect.poll(() => devicesAt(ben, ada), WAIT).toBe(2)
  world.hub.partition([
    [phone.device, desk.device],
    [laptop.device, ben.device],
  ])
  await expect.poll(() => leftOf(laptop), WAIT).toBe('unlinked')
})
