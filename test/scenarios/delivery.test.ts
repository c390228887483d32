import type { AccountId, KithNode } from '@kithmesh/node'
import { expect, test } from 'vitest'
import { createWorld, type World } from './world.ts'

const WAIT = { timeout: 10_000, interval: 10 } as const

function accountOf(node: KithNode): AccountId {
  if (!node.account) throw new Error('no account yet')
  return node.account
}

async function textsOf(node: KithNode, contact: AccountId): Promise<readonly string[]> {
  return (await node.messages.list(contact)).map(({ text }) => text)
}

function numbered(from: number, to: number, word = 'no'): readonly string[] {
  return Array.from({ length: to - from + 1 }, (_, at) => `${word} ${from + at}`)
}

/** Sends one after another, each durable before the next. */
async function sendAll(from: KithNode, to: AccountId, texts: readonly string[]): Promise<void> {
  for (const text of texts) await from.messages.send(to, { text })
}

interface Pair {
  readonly world: World
  readonly ada: AccountId
  readonly ben: AccountId
  phone(): KithNode
  tablet(): KithNode
  apart(): void
}

/** Ada and Ben, who know each other. */
async function friends(cast = { ada: ['phone'], ben: ['tablet'] }): Promise<Pair> {
  const world = await createWorld(cast)
  const phone = (): KithNode => world.device('ada', 'phone')
  const tablet = (): KithNode => world.device('ben', 'tablet')
  await world.acquaint(phone(), tablet())
  return {
    world,
    ada: accountOf(phone()),
    ben: accountOf(tablet()),
    phone,
    tablet,
    apart: () => world.hub.partition([[phone().device], [tablet().device]]),
  }
}

test('DEL-4 B1 D4 a connection that breaks again and again: each message once, in order', async () => {
  const { world, ada, ben, phone, tablet, apart } = await friends()
  await using _ = world
  let isSending = true
  const flapping = (async () => {
    while (isSending) {
      apart()
      await new Promise(setImmediate)
      world.hub.heal()
      world.time.leap(200)
      await phone().status()
    }
  })()
  await sendAll(phone(), ben, numbered(1, 40))
  isSending = false
  await flapping
  await expect.poll(() => textsOf(tablet(), ada), WAIT).toEqual(numbered(1, 40))
  await expect.poll(async () => (await phone().status()).pending, WAIT).toBe(0)
})

test('DEL-15 D6 a backlog over a restart of either side arrives once, in the order of sending', async () => {
  const { world, ada, ben, phone, tablet } = await friends()
  await using _ = world
  await world.stop(tablet())
  await sendAll(phone(), ben, numbered(1, 80))
  await world.restart(phone())
  await sendAll(phone(), ben, numbered(81, 100))
  expect((await phone().status()).pending).toBe(100)
  await world.start('ben', 'tablet')
  await expect.poll(() => textsOf(tablet(), ada), WAIT).toEqual(numbered(1, 100))
  await world.restart(tablet())
  expect(await textsOf(tablet(), ada)).toEqual(numbered(1, 100))
  await expect.poll(async () => (await phone().status()).pending, WAIT).toBe(0)
})

test('DEL-11 D5 both write, rename and star while apart: afterwards all devices agree', async () => {
  const { world, ada, ben, phone, tablet } = await friends({
    ada: ['phone', 'laptop'],
    ben: ['tablet'],
  })
  await using _ = world
  const laptop = world.device('ada', 'laptop')
  const { message } = await phone().messages.send(ben, { text: 'before' })
  await expect.poll(() => textsOf(laptop, ben), WAIT).toEqual(['before'])
  world.hub.partition([[phone().device], [laptop.device], [tablet().device]])
  await sendAll(phone(), ben, numbered(1, 3, 'phone'))
  await sendAll(laptop, ben, numbered(1, 3, 'laptop'))
  await sendAll(tablet(), ada, numbered(1, 3, 'tablet'))
  await phone().contacts.rename(ben, 'Ben by phone')
  await laptop.contacts.rename(ben, 'Ben by laptop')
  await laptop.starred.add(message)
  const received = [phone(), laptop].map((node) => {
    const seen: string[] = []
    node.addEventListener('message:received', ({ detail }) => void seen.push(detail.text))
    return seen
  })
  world.hub.heal()

  const everything = async (): Promise<readonly (readonly string[])[]> =>
    Promise.all([textsOf(phone(), ben), textsOf(laptop, ben), textsOf(tablet(), ada)])
  await expect
    .poll(async () => (await everything()).map((one) => one.length), WAIT)
    .toEqual([10, 10, 10])
  const [first, ...others] = await everything()
  for (const other of others) expect(other).toEqual(first)
  for (const word of ['phone', 'laptop', 'tablet']) {
    expect(first?.filter((text) => text.startsWith(word))).toEqual(numbered(1, 3, word))
  }
  // Each content comes to Ada's devices twice, from Ben and from the other one: seen once.
  for (const seen of received) {
    await expect.poll(() => seen, WAIT).toHaveLength(3)
    expect([...seen].sort()).toEqual(numbered(1, 3, 'tablet'))
  }
  const names = async (): Promise<readonly (string | undefined)[]> =>
    Promise.all([phone(), laptop].map(async (node) => (await node.contacts.list())[0]?.name))
  await expect.poll(async () => new Set(await names()).size, WAIT).toBe(1)
  await expect.poll(async () => (await phone().starred.list()).length, WAIT).toBe(1)
})

test('DEL-1 DEV-4 a device that was linked while the contact was away gets what is sent afterwards', async () => {
  const { world, ada, ben, phone, tablet } = await friends()
  await using _ = world
  await world.stop(tablet())
  const laptop = await world.newDevice('laptop')
  await world.link(phone(), laptop)
  await world.stop(phone())
  await world.start('ben', 'tablet')
  // Only the new device is there: it shows the log of its account to be believed (DEV-3).
  await laptop.messages.send(ben, { text: 'from the new laptop' })
  await expect.poll(() => textsOf(tablet(), ada), WAIT).toEqual(['from the new laptop'])
  const sent = await tablet().messages.send(ada, { text: 'to both' })
  await expect.poll(() => textsOf(laptop, ben), WAIT).toEqual(['from the new laptop', 'to both'])
  // It is on the laptop before the tablet has the word that it is.
  const delivery = async (): Promise<unknown> =>
    (await tablet().messages.get(sent.message))?.delivery
  await expect.poll(delivery, WAIT).toMatchObject({ reached: 1, of: 2 })
})

test('DEL-13 delivery counts devices that have it on disk, on every device of the author', async () => {
  const { world, ben, phone, tablet } = await friends({
    ada: ['phone', 'laptop'],
    ben: ['tablet', 'watch'],
  })
  await using _ = world
  const laptop = world.device('ada', 'laptop')
  await world.stop(world.device('ben', 'watch'))
  const { message } = await phone().messages.send(ben, { text: 'half way' })
  const deliveryAt = async (node: KithNode): Promise<unknown> =>
    (await node.messages.get(message))?.delivery
  for (const node of [phone(), laptop]) {
    await expect
      .poll(() => deliveryAt(node), WAIT)
      .toMatchObject({ reached: 1, of: 2, read: false })
  }
  await world.start('ben', 'watch')
  for (const node of [phone(), laptop]) {
    await expect
      .poll(() => deliveryAt(node), WAIT)
      .toMatchObject({ reached: 2, of: 2, read: false })
  }
  expect((await tablet().messages.get(message))?.delivery).toBeUndefined()
})

test('DEL-10 B2 a recipient that was put back to an old copy of its disk is sealed to anew', async () => {
  const { world, ada, ben, phone, tablet } = await friends()
  await using _ = world
  await sendAll(phone(), ben, ['first'])
  await expect.poll(() => textsOf(tablet(), ada), WAIT).toEqual(['first'])
  await world.stop(tablet())
  const backup = await world.backUp('ben', 'tablet')
  await world.start('ben', 'tablet')
  // Turns go back and forth, so that the copy has none of the keys in use.
  for (const turn of numbered(1, 3)) {
    await sendAll(tablet(), ada, [`question ${turn}`])
    await expect.poll(() => textsOf(phone(), ben), WAIT).toContain(`question ${turn}`)
    await sendAll(phone(), ben, [`answer ${turn}`])
    await expect.poll(() => textsOf(tablet(), ada), WAIT).toContain(`answer ${turn}`)
  }
  await world.stop(tablet())
  await world.restore(backup)
  await world.start('ben', 'tablet')

  await sendAll(phone(), ben, ['after the restore', 'and another'])
  await expect
    .poll(() => textsOf(tablet(), ada), WAIT)
    .toEqual(expect.arrayContaining(['after the restore', 'and another']))
  await expect.poll(async () => (await phone().status()).pending, WAIT).toBe(0)
})

test('DEL-10 B2 a sender that was put back is heard again, and writes under new keys', async () => {
  const { world, ada, ben, phone, tablet } = await friends()
  await using _ = world
  await sendAll(tablet(), ada, ['first'])
  await expect.poll(() => textsOf(phone(), ben), WAIT).toEqual(['first'])
  await world.stop(tablet())
  const backup = await world.backUp('ben', 'tablet')
  await world.start('ben', 'tablet')
  await sendAll(tablet(), ada, ['second', 'third'])
  await expect.poll(() => textsOf(phone(), ben), WAIT).toHaveLength(3)
  await world.stop(tablet())
  await world.restore(backup)
  await world.start('ben', 'tablet')

  await sendAll(tablet(), ada, ['other second', 'other third'])
  await expect
    .poll(() => textsOf(phone(), ben), WAIT)
    .toEqual(expect.arrayContaining(['second', 'third', 'other second', 'other third']))
  await expect.poll(async () => (await tablet().status()).pending, WAIT).toBe(0)
})

test('HIS-5 B2 a device that was put back gets from its sibling what it lost, and is understood by it', async () => {
  const { world, ada, ben, phone, tablet } = await friends({
    ada: ['phone', 'laptop'],
    ben: ['tablet'],
  })
  await using _ = world
  const laptop = world.device('ada', 'laptop')
  await world.stop(phone())
  const backup = await world.backUp('ada', 'phone')
  await world.start('ada', 'phone')
  await sendAll(phone(), ben, numbered(1, 5))
  await sendAll(tablet(), ada, ['seen'])
  await phone().contacts.rename(ben, 'Benjamin')
  const namesAt = async (node: KithNode): Promise<readonly string[]> =>
    (await node.contacts.list()).map(({ name }) => name)
  await expect.poll(() => namesAt(laptop), WAIT).toEqual(['Benjamin'])
  await expect.poll(() => textsOf(laptop, ben), WAIT).toHaveLength(6)
  await expect.poll(() => textsOf(phone(), ben), WAIT).toHaveLength(6)
  await world.stop(phone())
  await world.restore(backup)
  await world.start('ada', 'phone')

  await expect.poll(() => textsOf(phone(), ben), WAIT).toHaveLength(6)
  await expect.poll(() => namesAt(phone()), WAIT).toEqual(['Benjamin'])
  await sendAll(phone(), ben, ['afterwards'])
  for (const [node, other] of [
    [laptop, ben],
    [tablet(), ada],
  ] as const) {
    await expect.poll(() => textsOf(node, other), WAIT).toContain('afterwards')
  }
})
