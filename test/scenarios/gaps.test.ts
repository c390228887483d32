import type { Net } from '@kithmesh/net'
import type { AccountId, KithNode, MessageGap } from '@kithmesh/node'
import type { MessageId } from '@kithmesh/protocol'
import { expect, test } from 'vitest'
import { accountOf, loseContents, textsOf } from './lost-disk.ts'
import { type Cast, createWorld, type World } from './world.ts'

const WAIT = { timeout: 10_000, interval: 20 } as const
const WORDS = ['one', 'two', 'three', 'four', 'five'] as const

/** Ada and Ben, who have said five things to each other: Ada to Ben, by her phone. */
async function talked(
  cast: Cast,
  answered: string[] = [],
): Promise<{
  readonly world: World
  readonly ada: AccountId
  readonly ben: AccountId
  readonly messages: readonly MessageId[]
}> {
  const world = await createWorld(cast, 'memory', { through: (net) => noting(net, answered) })
  const [phone, tablet] = [world.device('ada', 'phone'), world.device('ben', 'tablet')]
  await world.acquaint(phone, tablet)
  const [ada, ben] = [accountOf(phone), accountOf(tablet)]
  const messages: MessageId[] = []
  for (const text of WORDS) messages.push((await phone.messages.send(ben, { text })).message)
  for (const person of Object.keys(cast)) {
    for (const name of cast[person] ?? []) {
      const other = person === 'ada' ? ben : ada
      await expect.poll(() => textsOf(world.device(person, name), other), WAIT).toEqual(WORDS)
    }
  }
  return { world, ada, ben, messages }
}

/** Notes who was answered when asking for what it misses. */
function noting(net: Net, answered: string[]): Net {
  const handle: Net['handle'] = (protocol, answer) =>
    net.handle(protocol, async (stream) => {
      await answer(stream)
      if (protocol.id === '/kith/repair/1') answered.push(stream.peer)
    })
  return new Proxy(net, {
    get: (target, key) => {
      if (key === 'handle') return handle
      const value: unknown = Reflect.get(target, key, target)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
}

/** What a device tells of gaps, in order, without repeating itself. */
function toldBy(node: KithNode): readonly (readonly MessageGap[])[] {
  const told: (readonly MessageGap[])[] = []
  node.addEventListener('message:gap', ({ detail }) => told.push(detail.gaps))
  return told
}

/** Lets time pass until something is so: questions wait some seconds for what is just coming. */
async function inTime(world: World, look: () => Promise<void>): Promise<void> {
  await expect
    .poll(async () => {
      world.time.leap(3_000)
      await look()
      return true
    }, WAIT)
    .toBe(true)
}

test('DEL-59 DEL-61 DEL-62 E2 B1 what a disk lost shows at once and is filled by the device that wrote it', async () => {
  const { world, ada, messages } = await talked({ ada: ['phone'], ben: ['tablet'] })
  await using _ = world
  const [, two, three, four] = messages
  await loseContents(
    world,
    { person: 'ben', name: 'tablet' },
    {
      messages: [two, three].filter((one) => one !== undefined),
      numbersToo: true,
    },
  )
  world.hub.partition([
    [world.device('ada', 'phone').device],
    [world.device('ben', 'tablet').device],
  ])
  const tablet = await world.start('ben', 'tablet')
  const [gap, ...others] = await expect
    .poll(() => tablet.messages.gaps(ada), WAIT)
    .toHaveLength(1)
    .then(() => tablet.messages.gaps(ada))
  expect(others).toEqual([])
  expect(gap).toMatchObject({ first: 2, last: 3, state: 'missing', before: four, contact: ada })
  const told = toldBy(tablet)
  world.hub.heal()
  await inTime(world, async () => expect(await tablet.messages.gaps(ada)).toEqual([]))
  expect(await textsOf(tablet, ada)).toEqual(WORDS)
  expect(told.at(-1)).toEqual([])
})

test('DEL-59 DEL-63 B1 a hole shows with the very next message, and says soon that it is for good', async () => {
  const world = await createWorld({ ada: ['phone'], ben: ['tablet'] })
  await using _ = world
  const tablet = world.device('ben', 'tablet')
  await world.acquaint(world.device('ada', 'phone'), tablet)
  const [ada, ben] = [accountOf(world.device('ada', 'phone')), accountOf(tablet)]
  world.hub.partition([[world.device('ada', 'phone').device], [tablet.device]])
  const messages: MessageId[] = []
  for (const text of ['one', 'two', 'three']) {
    messages.push((await world.device('ada', 'phone').messages.send(ben, { text })).message)
  }
  await loseContents(
    world,
    { person: 'ada', name: 'phone' },
    { messages: messages.slice(1, 2), numbersToo: true },
  )
  const seen: string[] = []
  tablet.addEventListener('message:received', ({ detail }) => seen.push(detail.text))
  tablet.addEventListener('message:gap', ({ detail: { gaps } }) =>
    seen.push(...gaps.map(({ first, last, state }) => `${first}-${last} ${state}`)),
  )
  world.hub.heal()
  await world.start('ada', 'phone')
  await inTime(world, async () => expect(seen).toEqual(['one', 'three', '2-2 missing', '2-2 gone']))
  expect(await tablet.messages.gaps(ada)).toMatchObject([{ before: messages[2] }])
})

test('DEL-61 MSG-4 a sibling of the author fills the hole while the author is away', async () => {
  const { world, ada, messages } = await talked({ ada: ['phone', 'laptop'], ben: ['tablet'] })
  await using _ = world
  await world.stop(world.device('ada', 'phone'))
  await loseContents(
    world,
    { person: 'ben', name: 'tablet' },
    {
      messages: messages.slice(1, 3),
      numbersToo: true,
    },
  )
  const tablet = await world.start('ben', 'tablet')
  await inTime(world, async () => expect(await textsOf(tablet, ada)).toEqual(WORDS))
  expect(await tablet.messages.gaps(ada)).toEqual([])
})

test('DEL-63 what no device of the author has any more is final, and stays so', async () => {
  const { world, ada, ben, messages } = await talked({ ada: ['phone'], ben: ['tablet'] })
  await using _ = world
  const lost = { messages: messages.slice(1, 2), numbersToo: true }
  await loseContents(world, { person: 'ben', name: 'tablet' }, lost)
  await loseContents(world, { person: 'ada', name: 'phone' }, lost)
  await world.start('ada', 'phone')
  let tablet = await world.start('ben', 'tablet')
  const gone = [{ first: 2, last: 2, state: 'gone' }]
  await inTime(world, async () => expect(await tablet.messages.gaps(ada)).toMatchObject(gone))
  tablet = await world.restart(tablet)
  expect(await tablet.messages.gaps(ada)).toMatchObject(gone)
  // Nothing is asked for again, and the chat goes on.
  await world.device('ada', 'phone').messages.send(ben, { text: 'six' })
  await expect.poll(() => textsOf(tablet, ada), WAIT).toHaveLength(5)
  expect(await tablet.messages.gaps(ada)).toMatchObject(gone)
})

test('DEL-60 a device linked later, with or without history, sees no gap that is none', async () => {
  const answered: string[] = []
  const { world, ada, ben } = await talked({ ada: ['phone'], ben: ['tablet'] }, answered)
  await using _ = world
  const told: (readonly MessageGap[])[] = []
  const near = await world.newDevice('near')
  const none = await world.newDevice('none')
  for (const fresh of [near, none]) {
    fresh.addEventListener('message:gap', ({ detail }) => told.push(detail.gaps))
  }
  await world.link(world.device('ben', 'tablet'), near)
  // Nothing from before its linking.
  await world.link(world.device('ben', 'tablet'), none, { history: 'none' })
  await world.device('ada', 'phone').messages.send(ben, { text: 'six' })
  await inTime(world, async () => expect(await textsOf(near, ada)).toEqual([...WORDS, 'six']))
  await inTime(world, async () => expect((await textsOf(none, ada)).at(-1)).toBe('six'))
  // It asks without a word, is told that all of it is history, and asks no more.
  await inTime(world, async () => expect(answered).toContain(none.device))
  await inTime(world, async () => expect(await none.messages.gaps(ada)).toEqual([]))
  for (const fresh of [near, none]) expect(await fresh.messages.gaps(ada)).toEqual([])
  // Nor does it get by a question what its own account holds back from it (DEL-62).
  expect(await textsOf(none, ada)).toEqual(['six'])
  expect(told).toEqual([])
})

test('DEL-58 E2 numbers that still tell of what the disk has lost are found out, once something is missing', async () => {
  const { world, ada, messages } = await talked({ ada: ['phone'], ben: ['tablet'] })
  await using _ = world
  // Of one the number went, too: that is what shows.
  const place = { person: 'ben', name: 'tablet' }
  await loseContents(world, place, { messages: messages.slice(1, 2), numbersToo: true })
  await world.start('ben', 'tablet')
  await loseContents(world, place, { messages: messages.slice(3, 4), numbersToo: false })
  const tablet = await world.start('ben', 'tablet')
  await inTime(world, async () => expect(await textsOf(tablet, ada)).toEqual(WORDS))
})
