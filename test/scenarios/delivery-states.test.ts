import type { AccountId, DeliveryState, KithNode } from '@kithmesh/node'
import { expect, test } from 'vitest'
import { createWorld, type World } from './world.ts'

const DAY = 24 * 60 * 60 * 1000
const WAIT = { timeout: 10_000, interval: 10 } as const

function accountOf(node: KithNode): AccountId {
  if (!node.account) throw new Error('no account yet')
  return node.account
}

/** Everybody apart but those who stand together. */
function together(world: World, ...groups: readonly (readonly KithNode[])[]): void {
  world.hub.partition(groups.map((group) => group.map(({ device }) => device)))
}

async function stateOf(node: KithNode, message: string): Promise<DeliveryState | undefined> {
  const all = await Promise.all(
    (await node.contacts.list()).map(({ contact }) => node.messages.list(contact)),
  )
  return all.flat().find((one) => one.message === message)?.delivery
}

test('DEL-40 DEL-41 DEL-42 a message says where it is and what it waits for, live and after a restart', async () => {
  await using world = await createWorld({ ada: ['phone', 'desk'], ben: ['tablet', 'laptop'] })
  const phone = (): KithNode => world.device('ada', 'phone')
  const desk = (): KithNode => world.device('ada', 'desk')
  const tablet = (): KithNode => world.device('ben', 'tablet')
  const laptop = (): KithNode => world.device('ben', 'laptop')
  await world.acquaint(phone(), tablet(), 'Ada')
  const ben = accountOf(tablet())
  await phone().contacts.rename(ben, 'Ben')
  await expect.poll(async () => (await desk().contacts.list()).length, WAIT).toBe(1)
  await expect.poll(async () => (await phone().contacts.list())[0]?.devices, WAIT).toBe(2)

  together(world, [phone()], [desk()], [tablet()], [laptop()])
  const { message } = await phone().messages.send(ben, { text: 'Dinner at eight?' })
  const away = { reason: 'away', text: "Ben's devices are all away", until: expect.any(Number) }
  expect(await stateOf(phone(), message)).toEqual({
    reached: 0,
    of: 2,
    read: false,
    state: 'here',
    waiting: away,
  })

  const told: DeliveryState[] = []
  phone().addEventListener('message:delivery', ({ detail }) => {
    if (detail.message === message) told.push(detail.delivery)
  })
  together(world, [phone(), desk()], [tablet()], [laptop()])
  await expect
    .poll(() => told.at(-1), WAIT)
    .toMatchObject({ state: 'sibling', reached: 0, waiting: away })
  expect(await stateOf(desk(), message)).toMatchObject({ state: 'sibling', waiting: away })

  // Nobody is there to tell it again: what was heard stands on the disk.
  together(world, [phone()], [desk()], [tablet()], [laptop()])
  await world.restart(phone())
  expect(await stateOf(phone(), message)).toMatchObject({ state: 'sibling', waiting: away })
  const { waiting } = await phone().status()
  expect(waiting).toMatchObject([{ contact: ben, name: 'Ben', messages: 1, ...away }])

  together(world, [phone(), tablet()], [desk()], [laptop()])
  const someAway = { reason: 'some-away', text: "1 of Ben's 2 devices is away" }
  await expect
    .poll(() => stateOf(phone(), message), WAIT)
    .toMatchObject({ state: 'reached', reached: 1, of: 2, waiting: someAway })

  together(world, [phone(), tablet(), laptop()], [desk()])
  await expect
    .poll(() => stateOf(phone(), message), WAIT)
    .toEqual({ reached: 2, of: 2, read: false, state: 'reached' })
  expect((await phone().status()).waiting).toEqual([])
})

test('DEL-41 a device that was unlinked is no sibling any more: what only it had is here only', async () => {
  await using world = await createWorld({ ada: ['phone', 'desk'], ben: ['tablet'] })
  const [phone, desk] = [world.device('ada', 'phone'), world.device('ada', 'desk')]
  const tablet = world.device('ben', 'tablet')
  await world.acquaint(phone, tablet)
  const ben = accountOf(tablet)
  await expect.poll(async () => (await phone.contacts.list())[0]?.devices, WAIT).toBe(1)
  together(world, [phone, desk], [tablet])
  const { message } = await phone.messages.send(ben, { text: 'to be kept' })
  await expect.poll(() => stateOf(phone, message), WAIT).toMatchObject({ state: 'sibling' })
  const told: DeliveryState[] = []
  phone.addEventListener('message:delivery', ({ detail }) => told.push(detail.delivery))
  // By the log, before the connection goes: nobody of the recipient's came or went.
  await phone.devices.unlink(desk.device)
  expect(await stateOf(phone, message)).toMatchObject({ state: 'here' })
  await expect.poll(() => told.at(-1), WAIT).toMatchObject({ state: 'here' })
})

test('DEL-40 delivery() tells each change of state and of what is waited for', async () => {
  await using world = await createWorld({ ada: ['phone', 'desk'], ben: ['tablet'] })
  const [phone, desk] = [world.device('ada', 'phone'), world.device('ada', 'desk')]
  const tablet = world.device('ben', 'tablet')
  await world.acquaint(phone, tablet)
  const ben = accountOf(tablet)
  await expect.poll(async () => (await phone.contacts.list())[0]?.devices, WAIT).toBe(1)
  together(world, [phone], [desk], [tablet])
  const sent = await phone.messages.send(ben, { text: 'step by step' })
  const states: string[] = []
  for await (const { state, waiting } of sent.delivery()) {
    states.push(`${state} ${waiting?.reason ?? '-'}`)
    if (states.length === 1) together(world, [phone, desk], [tablet])
    if (state === 'sibling' && waiting?.reason === 'away') world.hub.heal()
  }
  expect(states[0]).toBe('here away')
  expect(states).toContain('sibling away')
  expect(states.at(-1)).toBe('reached -')
})

test('DEL-43 what nobody took in its time says so, on every own device, and says before until when it is tried', async () => {
  await using world = await createWorld({ ada: ['phone', 'desk'], ben: ['tablet'] })
  const [phone, desk] = [world.device('ada', 'phone'), world.device('ada', 'desk')]
  const tablet = world.device('ben', 'tablet')
  await world.acquaint(phone, tablet)
  const ben = accountOf(tablet)
  await phone.contacts.rename(ben, 'Ben')
  await expect.poll(async () => (await phone.contacts.list())[0]?.devices, WAIT).toBe(1)
  together(world, [phone, desk], [tablet])
  const { message } = await phone.messages.send(ben, { text: 'Happy new year' })
  await expect.poll(() => stateOf(desk, message), WAIT).toMatchObject({ state: 'sibling' })
  const sent = await phone.messages.get(message)
  const until = (sent?.at ?? 0) + 60 * DAY
  expect(await stateOf(phone, message)).toMatchObject({ waiting: { reason: 'away', until } })
  const told: DeliveryState[] = []
  phone.addEventListener('message:delivery', ({ detail }) => told.push(detail.delivery))
  world.time.leap(60 * DAY + 1)
  const ended = {
    reached: 0,
    of: 1,
    read: false,
    state: 'ended',
    waiting: {
      reason: 'ended',
      text: 'No device of Ben came in time; it is not tried any more',
    },
  }
  for (const node of [phone, desk]) {
    await expect.poll(() => stateOf(node, message), WAIT).toEqual(ended)
  }
  await expect.poll(() => told.at(-1), WAIT).toEqual(ended)
  expect((await phone.status()).waiting).toEqual([])
})

test('DEL-42 DEL-17 a message to somebody with a new account says that it has to be accepted', async () => {
  await using world = await createWorld({ ada: ['phone'], ben: ['tablet'], nova: ['pad'] })
  const phone = world.device('ada', 'phone')
  const [tablet, pad] = [world.device('ben', 'tablet'), world.device('nova', 'pad')]
  await world.acquaint(phone, tablet)
  const ben = accountOf(tablet)
  await phone.contacts.rename(ben, 'Ben')
  await phone.contacts.verify(ben)
  together(world, [phone, pad], [tablet])
  const { message } = await phone.messages.send(ben, { text: 'are you well?' })
  await world.acquaint(phone, pad)
  await phone.contacts.replace(ben, accountOf(pad))
  await expect
    .poll(() => stateOf(phone, message), WAIT)
    .toMatchObject({
      waiting: { reason: 'held', text: expect.stringContaining('has a new account') },
    })
})

test('DEL-13 a device that came later counts with what was written since: the rest it has from its own siblings', async () => {
  await using world = await createWorld({ ada: ['phone'], ben: ['tablet'] })
  const [phone, tablet] = [world.device('ada', 'phone'), world.device('ben', 'tablet')]
  await world.acquaint(phone, tablet)
  const ben = accountOf(tablet)
  await expect.poll(async () => (await phone.contacts.list())[0]?.devices, WAIT).toBe(1)
  const early = await phone.messages.send(ben, { text: 'early' })
  await expect.poll(() => stateOf(phone, early.message), WAIT).toMatchObject({ reached: 1, of: 1 })
  const fresh = await world.newDevice('watch')
  await world.link(tablet, fresh)
  await expect.poll(async () => (await phone.contacts.list())[0]?.devices, WAIT).toBe(2)
  const later = await phone.messages.send(ben, { text: 'later' })
  await expect.poll(() => stateOf(phone, later.message), WAIT).toMatchObject({ reached: 2, of: 2 })
  expect(await stateOf(phone, early.message)).toMatchObject({ reached: 1, of: 1 })
})
