import type { AccountId, KithNode } from '@kithmesh/node'
import { expect, test } from 'vitest'
import { createWorld, type World } from './world.ts'

const WAIT = { timeout: 20_000, interval: 10 } as const
const NAMES = ['phone', 'laptop', 'tablet'] as const

function accountOf(node: KithNode): AccountId {
  if (!node.account) throw new Error('no account yet')
  return node.account
}

async function textsOf(node: KithNode, contact: AccountId): Promise<readonly string[]> {
  return (await node.messages.list(contact)).map(({ text }) => text)
}

interface Stage {
  readonly world: World
  readonly ada: AccountId
  readonly ben: AccountId
  at(person: 'ada' | 'ben', name: (typeof NAMES)[number]): KithNode
  everybody(): readonly KithNode[]
  /** These are together from now on, and every other device is alone. */
  together(...nodes: readonly KithNode[]): void
}

/** Ada and Ben, who know each other: each of the six devices knows all of the others. Now each is alone. */
async function apart(): Promise<Stage> {
  const world = await createWorld({ ada: NAMES, ben: NAMES })
  const at: Stage['at'] = (person, name) => world.device(person, name)
  const everybody = (): readonly KithNode[] =>
    (['ada', 'ben'] as const).flatMap((person) => NAMES.map((name) => at(person, name)))
  await world.acquaint(at('ada', 'phone'), at('ben', 'phone'))
  for (const node of everybody()) {
    const known = async (): Promise<number | undefined> => (await node.contacts.list())[0]?.devices
    await expect.poll(known, WAIT).toBe(3)
  }
  const together = (...nodes: readonly KithNode[]): void => {
    const alone = everybody().filter((node) => !nodes.includes(node))
    world.hub.partition([nodes.map(({ device }) => device), ...alone.map(({ device }) => [device])])
  }
  together()
  const [ada, ben] = [accountOf(at('ada', 'phone')), accountOf(at('ben', 'phone'))]
  return { world, ada, ben, at, everybody, together }
}

test('DEL-26 B1 two authors who are never online together, and one pair of siblings that meets for 10 s', async () => {
  const { world, ada, ben, at, everybody, together } = await apart()
  await using _ = world
  const [adaPhone, benPhone] = [at('ada', 'phone'), at('ben', 'phone')]
  const [laptop, tablet] = [at('ada', 'laptop'), at('ben', 'tablet')]

  /** Two devices meet until one has what the other brought. */
  async function meet(one: KithNode, other: KithNode, texts: readonly string[]): Promise<void> {
    together(one, other)
    const contact = one.account === other.account ? (one.account === ada ? ben : ada) : undefined
    for (const node of [one, other]) {
      const about = contact ?? (node.account === ada ? ben : ada)
      await expect.poll(() => textsOf(node, about), WAIT).toEqual(texts)
    }
    together()
  }

  /** The only pair of two accounts that meets, and never for longer. */
  async function overlap(texts: readonly string[]): Promise<void> {
    const begin = world.time.clock.monotonic()
    together(laptop, tablet)
    await expect.poll(() => textsOf(laptop, ben), WAIT).toEqual(texts)
    await expect.poll(() => textsOf(tablet, ada), WAIT).toEqual(texts)
    const passed = Math.ceil(world.time.clock.monotonic() - begin)
    if (passed < 10_000) world.time.leap(10_000 - passed)
    together()
  }

  const asked = await adaPhone.messages.send(ben, { text: 'Dinner on Friday?' })
  await meet(adaPhone, laptop, ['Dinner on Friday?'])
  await overlap(['Dinner on Friday?'])
  await meet(tablet, benPhone, ['Dinner on Friday?'])
  await benPhone.messages.send(ada, { text: 'With pleasure.' })
  const both = ['Dinner on Friday?', 'With pleasure.']
  await meet(benPhone, tablet, both)
  await overlap(both)
  await meet(laptop, adaPhone, both)
  await meet(laptop, at('ada', 'tablet'), both)
  await meet(tablet, at('ben', 'laptop'), both)

  for (const node of everybody()) {
    const about = node.account === ada ? ben : ada
    expect(await textsOf(node, about)).toEqual(both)
  }
  // Whom Ada's devices reached themselves: the author hears of it from the one that did.
  const { delivery } = (await adaPhone.messages.get(asked.message)) ?? {}
  expect(delivery).toMatchObject({ reached: 1, of: 3 })
})

test('DEL-26 DEL-15 B1 what an author wrote before it went for good comes by its siblings, once and in order', async () => {
  const { world, ada, ben, at, together } = await apart()
  await using _ = world
  const [phone, laptop, tablet] = NAMES.map((name) => at('ada', name))
  if (!phone || !laptop || !tablet) throw new Error('Ada has three')
  const texts = Array.from({ length: 60 }, (_, number) => `no ${number + 1}`)
  for (const text of texts) await phone.messages.send(ben, { text })
  together(phone, laptop, tablet)
  for (const node of [laptop, tablet])
    await expect.poll(() => textsOf(node, ben), WAIT).toEqual(texts)
  await world.stop(phone)

  const shown: string[] = []
  const benLaptop = at('ben', 'laptop')
  benLaptop.addEventListener('message:received', ({ detail }) => void shown.push(detail.text))
  // Both carry the same to the same device, over connections that break.
  for (let turn = 0; turn < 8; turn++) {
    together(turn % 2 === 0 ? laptop : tablet, benLaptop)
    world.time.leap(3_500)
    await laptop.status()
    await benLaptop.status()
  }
  together(laptop, tablet, benLaptop)
  world.time.leap(3_500)
  await expect
    .poll(() => {
      world.time.leap(1_000)
      return textsOf(benLaptop, ada)
    }, WAIT)
    .toEqual(texts)
  expect(shown).toEqual(texts)
  const reached = async (): Promise<readonly unknown[]> => {
    world.time.leap(1_000)
    const messages = await Promise.all([laptop, tablet].map((node) => node.messages.list(ben)))
    return messages.flat().map(({ delivery }) => delivery?.reached)
  }
  await expect.poll(reached, WAIT).toEqual(Array.from({ length: 120 }, () => 1))
})
