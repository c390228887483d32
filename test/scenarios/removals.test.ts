import type { AccountId, KithNode } from '@kithmesh/node'
import { expect, test } from 'vitest'
import { createWorld, type World } from './world.ts'

const WAIT = { timeout: 20_000, interval: 10 } as const
const STORY_MS = 60_000
/** More with `KITH_SCHEDULES=1000`: some seconds for each ten. */
const SCHEDULES = Number(process.env['KITH_SCHEDULES'] ?? 8)

/** Numbers that follow from a seed alone (mulberry32). */
function randomFrom(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * below) | 0
  }
}

interface Story {
  readonly world: World
  readonly random: (below: number) => number
  readonly all: readonly KithNode[]
  readonly removed: KithNode
  readonly ben: KithNode
  /** Texts written by somebody who knew of the removal. */
  readonly knowing: string[]
  text(by: string): string
}

/** Everybody into one of two groups, at random. */
function scatter({ world, all, random }: Story): void {
  const groups: [string[], string[]] = [[], []]
  for (const { device } of all) groups[random(2) === 0 ? 0 : 1].push(device)
  world.hub.partition(groups)
}

async function knowsOf(node: KithNode, removed: KithNode): Promise<boolean> {
  const states = (await node.devices.list()).map(({ device, state }) => [device, state] as const)
  return states.some(([device, state]) => device === removed.device && state !== 'active')
}

/** Somebody writes to the other account, whatever he knows by then. */
async function writeSomething(story: Story, isOver: boolean): Promise<void> {
  const { all, random, removed, ben, knowing } = story
  const writer = all[random(all.length)] ?? removed
  const text = story.text(writer.name)
  const isBen = writer === ben
  // One that is out has none, and nothing to say.
  const [contact] = await writer.contacts.list().catch(() => [])
  if (!contact) return
  const knows = isBen
    ? isOver && contact.devices === 2
    : writer !== removed && (await knowsOf(writer, removed))
  const sent = await writer.messages.send(contact.contact, { text }).then(
    () => true,
    () => false,
  )
  if (sent && knows) knowing.push(text)
}

test.each(Array.from({ length: SCHEDULES }, (_, seed) => seed))(
  'A8 OUT-2 OUT-6 schedule %i: what is written by who knows of a removal reaches all but the removed',
  { timeout: STORY_MS },
  async (seed) => {
    const random = randomFrom(seed + 1)
    await using world = await createWorld({ ada: ['phone', 'laptop', 'desk'], ben: ['tablet'] })
    const [phone, ben] = [world.device('ada', 'phone'), world.device('ben', 'tablet')]
    const others = [world.device('ada', 'laptop'), world.device('ada', 'desk')]
    await world.acquaint(phone, ben)
    const ada = accountOf(phone)
    const removed = others[random(2)] ?? phone
    const other = others.find((one) => one !== removed) ?? phone
    for (const device of [phone, ...others]) {
      await expect.poll(async () => (await device.contacts.list()).length, WAIT).toBe(1)
    }
    await expect.poll(async () => (await ben.contacts.list())[0]?.devices, WAIT).toBe(3)
    const seen = new Set<string>()
    removed.addEventListener('message:received', ({ detail }) => seen.add(detail.text))
    removed.addEventListener('message:sent', ({ detail }) => seen.add(detail.text))
    let count = 0
    const text = (by: string): string => `${by} ${++count} of schedule ${seed}`
    const all = [phone, other, removed, ben]
    const story: Story = { world, random, all, removed, ben, knowing: [], text }

    const before = random(4)
    for (let step = 0; step < before; step++) await writeSomething(story, false)
    scatter(story)
    // Unlinked by the first device, or suspended by a companion.
    if (random(2) === 0) await phone.devices.unlink(removed.device)
    else await other.devices.suspend(removed.device)
    for (let step = 0; step < 6; step++) {
      if (random(3) === 0) scatter(story)
      await writeSomething(story, true)
    }
    world.hub.heal()

    await expect.poll(async () => (await removed.status()).left !== undefined, WAIT).toBe(true)
    for (const device of [phone, other]) {
      await expect.poll(() => knowsOf(device, removed), WAIT).toBe(true)
      const texts = async (): Promise<readonly string[]> =>
        (await device.messages.list(accountOf(ben))).map((message) => message.text)
      await expect.poll(texts, WAIT).toEqual(expect.arrayContaining(story.knowing))
    }
    await expect.poll(async () => (await ben.contacts.list())[0]?.devices, WAIT).toBe(2)
    expect(story.knowing.filter((one) => seen.has(one))).toEqual([])
    const atBen = async (): Promise<readonly string[]> =>
      (await ben.messages.list(ada)).map((message) => message.text)
    await expect.poll(atBen, WAIT).toEqual(expect.arrayContaining(story.knowing))
    expect(story.knowing.filter((one) => seen.has(one))).toEqual([])
  },
)

function accountOf(node: KithNode): AccountId {
  if (!node.account) throw new Error('no account yet')
  return node.account
}
