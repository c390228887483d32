import type { AccountId, KithNode } from '@kithmesh/node'
import { expect, test } from 'vitest'
import { createWorld } from './world.ts'

const WAIT = { timeout: 10_000, interval: 10 } as const

/** Everything a person arranged, as one device has it. */
async function arranged(node: KithNode): Promise<unknown> {
  const settings = (await node.settings.list()).filter(({ isSet }) => isSet)
  return {
    chats: await node.chats.list(),
    labels: await node.labels.list(),
    settings: settings.map(({ key, value }) => [key, value]),
  }
}

async function onlyContact(node: KithNode): Promise<AccountId> {
  const [contact] = await node.contacts.list()
  if (!contact) throw new Error('no contact yet')
  return contact.contact
}

test('C2 ACC-17 ACC-19 ACC-21 what a person arranges apart on two devices holds on both, over restarts', async () => {
  await using world = await createWorld({ ada: ['phone', 'desk'], ben: ['tablet'] })
  const [phone, desk] = [world.device('ada', 'phone'), world.device('ada', 'desk')]
  await world.acquaint(phone, world.device('ben', 'tablet'))
  await expect.poll(async () => (await desk.contacts.list()).length, WAIT).toBe(1)
  const ben = await onlyContact(phone)

  const { label } = await phone.labels.create('Work')
  await expect.poll(async () => (await desk.labels.list()).length, WAIT).toBe(1)
  await Promise.all([
    phone.chats.edit(ben, { pinned: true }),
    desk.chats.edit(ben, { mutedUntil: 'always' }),
    desk.labels.put(label, { contact: ben }),
    phone.settings.set('quiet-hours.monday', '09:00-18:00'),
    desk.settings.set('receipts.read', 'off'),
  ])
  const chat = { mutedUntil: 'always', labels: [{ name: 'Work' }], pinnedAt: expect.any(Number) }
  for (const node of [phone, desk]) {
    await expect.poll(() => node.chats.get(ben), WAIT).toMatchObject(chat)
    await expect.poll(() => node.settings.get('receipts.read'), WAIT).toBe(false)
    await expect.poll(() => node.settings.get('quiet-hours.monday'), WAIT).toBe('09:00-18:00')
  }
  const before = await arranged(phone)
  expect(await arranged(desk)).toEqual(before)
  for (const node of [phone, desk]) {
    expect(await arranged(await world.restart(node))).toEqual(before)
  }
})

test('ACC-27 a message of a chat that was muted on the other device is told of by none', async () => {
  await using world = await createWorld({ ada: ['phone', 'desk'], ben: ['tablet'] })
  const [phone, desk] = [world.device('ada', 'phone'), world.device('ada', 'desk')]
  const tablet = world.device('ben', 'tablet')
  await world.acquaint(phone, tablet)
  await expect.poll(async () => (await desk.contacts.list()).length, WAIT).toBe(1)
  const [ada, ben] = [await onlyContact(tablet), await onlyContact(phone)]
  const answers: boolean[] = []
  desk.addEventListener('message:received', async ({ detail }) => {
    answers.push((await desk.chats.shouldNotify(detail)).notify)
  })
  await tablet.messages.send(ada, { text: 'told of' })
  await expect.poll(() => answers, WAIT).toEqual([true])
  await phone.chats.edit(ben, { mutedUntil: 'always' })
  await expect.poll(async () => (await desk.chats.get(ben)).mutedUntil, WAIT).toBe('always')
  await tablet.messages.send(ada, { text: 'not told of' })
  await expect.poll(() => answers, WAIT).toEqual([true, false])
})
