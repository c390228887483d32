import { expect, test } from 'vitest'
import { createWorld } from './world.ts'

const WAIT = { timeout: 15_000, interval: 20 } as const

test('DEV-8 DEV-2 a contact that is connected learns of a new device at once, and writes to it', async () => {
  await using world = await createWorld({ ada: ['phone'], ben: ['phone'] })
  const [ada, ben] = [world.device('ada', 'phone'), world.device('ben', 'phone')]
  await world.acquaint(ada, ben)
  const laptop = await world.newDevice('laptop')

  await world.link(ada, laptop)

  await expect
    .poll(async () => (await ben.contacts.list()).map(({ devices }) => devices), WAIT)
    .toEqual([2])
  const { contact } = (await ben.contacts.list())[0] ?? expect.fail('no contact')
  const sent = await ben.messages.send(contact, { text: 'to both of you' })
  for await (const { reached, of } of sent.delivery()) if (reached === of && of === 2) break
  expect(await laptop.messages.get(sent.message)).toMatchObject({ text: 'to both of you' })
})

test('DEV-9 devices of an account and of its contacts find each other again by themselves', async () => {
  await using world = await createWorld({ ada: ['phone', 'laptop'], ben: ['phone'] })
  const [phone, laptop] = [world.device('ada', 'phone'), world.device('ada', 'laptop')]
  const ben = world.device('ben', 'phone')
  await world.acquaint(phone, ben)
  const pathOfLaptop = async (): Promise<string | undefined> =>
    (await phone.devices.list()).find((device) => !device.this)?.path
  await expect.poll(pathOfLaptop, WAIT).toBe('lan')

  world.hub?.partition([[phone.device], [laptop.device], [ben.device]])
  await expect.poll(pathOfLaptop, WAIT).toBe('away')
  world.hub?.heal()

  await expect.poll(pathOfLaptop, WAIT).toBe('lan')
})

test('DEV-10 devices are named by themselves, and the account by its first device', async () => {
  await using world = await createWorld({ ada: ['phone', 'laptop'], ben: ['tablet'] })
  const [phone, laptop] = [world.device('ada', 'phone'), world.device('ada', 'laptop')]
  const ben = world.device('ben', 'tablet')
  await world.acquaint(laptop, ben)

  for (const device of [phone, laptop]) {
    await expect
      .poll(async () => (await device.devices.list()).map(({ name }) => name).sort(), WAIT)
      .toEqual(['laptop', 'phone'])
  }
  expect((await ben.contacts.list()).map(({ name }) => name)).toEqual(['phone'])
  await expect
    .poll(async () => (await phone.contacts.list()).map(({ name }) => name), WAIT)
    .toEqual(['tablet'])
})
