import type { AccountId, KithNode, Message } from '@kithmesh/node'
import { expect, test } from 'vitest'
import { createWorld, type World } from './world.ts'

const WAIT = { timeout: 10_000, interval: 10 } as const
/** Messages that nobody has looked at; B5 asks for 1,000. */
const PROBES = Number(process.env['KITH_SILENT_PROBES'] ?? 300)
/** Longer than the longest wait before a receipt (DEL-48). */
const RECEIPT_MS = 3_001

function accountOf(node: KithNode): AccountId {
  if (!node.account) throw new Error('no account yet')
  return node.account
}

async function messagesOf(node: KithNode): Promise<readonly Message[]> {
  const contacts = await node.contacts.list()
  return (await Promise.all(contacts.map(({ contact }) => node.messages.list(contact)))).flat()
}

const textsOf = async (node: KithNode): Promise<readonly string[]> =>
  (await messagesOf(node)).map(({ text }) => text)
const unreadOf = async (node: KithNode): Promise<readonly string[]> =>
  (await messagesOf(node)).flatMap(({ unread, text }) => (unread ? text : []))
const readOf = async (node: KithNode): Promise<readonly string[]> =>
  (await messagesOf(node)).flatMap(({ delivery, text }) => (delivery?.read ? text : []))

/** Receipts wait on the clock of the world: it leaps until somebody has one. */
async function untilTold(world: World, isTold: () => Promise<boolean>): Promise<void> {
  await expect
    .poll(async () => {
      world.time.leap(RECEIPT_MS)
      return isTold()
    }, WAIT)
    .toBe(true)
}

interface Cast {
  readonly world: World
  readonly phone: KithNode
  readonly desk: KithNode
  readonly tablet: KithNode
  readonly ada: AccountId
  readonly ben: AccountId
  /** Streams by which a device gave something to a device of another account. */
  readonly messageStreams: Map<string, number>
}

async function cast(): Promise<Cast> {
  const messageStreams = new Map<string, number>()
  const world = await createWorld({ ada: ['phone', 'desk'], ben: ['tablet'] }, 'memory', {
    through: (net) => {
      const open = net.open.bind(net)
      return Object.assign(net, {
        open: (...[peer, protocol, options]: Parameters<typeof open>) => {
          if (protocol.id === '/kith/message/1') {
            messageStreams.set(net.peer, (messageStreams.get(net.peer) ?? 0) + 1)
          }
          return open(peer, protocol, options)
        },
      })
    },
  })
  const [phone, desk] = [world.device('ada', 'phone'), world.device('ada', 'desk')]
  const tablet = world.device('ben', 'tablet')
  await world.acquaint(phone, tablet)
  await expect.poll(async () => (await desk.contacts.list()).length, WAIT).toBe(1)
  await expect.poll(async () => (await tablet.contacts.list())[0]?.devices, WAIT).toBe(2)
  const [ada, ben] = [accountOf(phone), accountOf(tablet)]
  return { world, phone, desk, tablet, ada, ben, messageStreams }
}

test('DEL-45 DEL-46 what is read on one device is read on all, and its author is told when', async () => {
  const { world, phone, desk, tablet, ada, ben } = await cast()
  await using _ = world
  for (const text of ['one', 'two', 'three']) await tablet.messages.send(ada, { text })
  for (const node of [phone, desk]) {
    await expect.poll(() => unreadOf(node), WAIT).toEqual(['one', 'two', 'three'])
  }
  expect(await phone.messages.unread(ben)).toBe(3)
  const counts: number[] = []
  desk.addEventListener('chat:unread', ({ detail }) => counts.push(detail.unread))

  const [, two] = await phone.messages.list(ben)
  if (!two) throw new Error('it is there')
  await phone.messages.markRead(ben, { upTo: two.message })
  expect(await unreadOf(phone)).toEqual(['three'])
  await expect.poll(() => unreadOf(desk), WAIT).toEqual(['three'])
  expect(counts.at(-1)).toBe(1)

  await untilTold(world, async () => (await readOf(tablet)).length > 0)
  expect(await readOf(tablet)).toEqual(['one', 'two'])
  const [one] = await tablet.messages.list(ada)
  expect(one?.delivery).toMatchObject({ state: 'read', read: true })
  expect(one?.delivery?.readAt).toBeGreaterThan(two.at)

  // The other device reads the rest; it stays so over a restart of everybody.
  await desk.messages.markRead(ben)
  await untilTold(world, async () => (await readOf(tablet)).length === 3)
  await expect.poll(() => unreadOf(phone), WAIT).toEqual([])
  for (const node of [phone, desk]) {
    const again = await world.restart(node)
    expect(await again.messages.unread(ben)).toBe(0)
  }
  expect(await readOf(await world.restart(tablet))).toEqual(['one', 'two', 'three'])
})

test('DEL-49 a receipt is no message: not in a list, not in what a limit counts', async () => {
  const { world, phone, tablet, ada, ben } = await cast()
  await using _ = world
  const count = 6
  for (let number = 1; number <= count; number++) {
    await tablet.messages.send(ada, { text: `no ${number}` })
    await expect.poll(async () => (await textsOf(phone)).length, WAIT).toBe(number)
    await phone.messages.markRead(ben)
    await untilTold(world, async () => (await readOf(tablet)).length === number)
  }
  for (const [node, contact] of [
    [phone, ben],
    [tablet, ada],
  ] as const) {
    const newest = await node.messages.list(contact, { limit: 4 })
    expect(newest.map(({ text }) => text)).toEqual(['no 3', 'no 4', 'no 5', 'no 6'])
  }
})

test('B5 silent probes: who writes hundreds of times learns nothing before it is shown, then one receipt a second', async () => {
  const { world, phone, desk, tablet, ada, ben, messageStreams } = await cast()
  await using _ = world
  const texts = Array.from({ length: PROBES }, (__, at) => `probe ${at}`)
  await Promise.all(texts.map((text) => tablet.messages.send(ada, { text })))
  const slow = { timeout: 60_000, interval: 50 }
  for (const node of [phone, desk]) {
    await expect.poll(() => node.messages.unread(ben), slow).toBe(PROBES)
  }
  world.time.leap(60_000)
  // Neither device of hers has begun to give anything to his.
  expect(messageStreams.get(phone.device) ?? 0).toBe(0)
  expect(messageStreams.get(desk.device) ?? 0).toBe(0)

  const receiptTimes = new Set<number>()
  const told = new Set<string>()
  tablet.addEventListener('message:delivery', ({ detail: { message, delivery } }) => {
    if (delivery.readAt === undefined) return
    receiptTimes.add(delivery.readAt)
    told.add(message)
  })
  await phone.messages.markRead(ben)
  await untilTold(world, async () => told.size === PROBES)
  // As few as ids of 256 each make, and never two in a second.
  const times = [...receiptTimes].sort((a, b) => a - b)
  expect(times).toHaveLength(Math.ceil(PROBES / 256))
  for (const [index, at] of times.entries()) {
    if (index > 0) expect(at - (times[index - 1] ?? 0)).toBeGreaterThanOrEqual(1_000)
  }
}, 120_000)

test('DEL-47 B5 switched off: read on all own devices, and nobody else is told', async () => {
  const { world, phone, desk, tablet, ada, ben, messageStreams } = await cast()
  await using _ = world
  await phone.settings.set('receipts.read', false)
  await tablet.messages.send(ada, { text: 'seen?' })
  for (const node of [phone, desk]) {
    await expect.poll(() => node.messages.unread(ben), WAIT).toBe(1)
  }
  await phone.messages.markRead(ben)
  await expect.poll(() => desk.messages.unread(ben), WAIT).toBe(0)
  for (let seconds = 0; seconds < 10; seconds++) world.time.leap(1_000)
  // What does go out comes behind it: were there a receipt, it would be here before.
  await phone.messages.send(ben, { text: 'an answer' })
  await expect.poll(() => textsOf(tablet), WAIT).toContain('an answer')
  expect(await readOf(tablet)).toEqual([])
  expect(messageStreams.get(desk.device) ?? 0).toBe(0)
})

/** What goes out of a device now is behind whatever it has told before. */
async function say(from: KithNode, to: KithNode, text: string): Promise<void> {
  await from.messages.send(accountOf(to), { text })
  await expect.poll(() => textsOf(to), WAIT).toContain(text)
}

/** The phone shows a message, siblings hear of it, and it is gone before it has told the author. */
async function shownAndGone(): Promise<Cast> {
  const at = await cast()
  const { world, phone, desk, tablet, ada, ben } = at
  await tablet.messages.send(ada, { text: 'seen?' })
  for (const node of [phone, desk]) {
    await expect.poll(() => node.messages.unread(ben), WAIT).toBe(1)
  }
  await phone.messages.markRead(ben)
  await expect.poll(() => desk.messages.unread(ben), WAIT).toBe(0)
  await world.stop(phone)
  return at
}

test('DEL-68 a receipt is not lost with the device that owes it: whoever shows the message next tells', async () => {
  const { world, desk, tablet, ben } = await shownAndGone()
  await using _ = world
  const again = await world.restart(desk)
  await say(again, tablet, 'nobody looks')
  for (let seconds = 0; seconds < 10; seconds++) world.time.leap(1_000)
  await say(again, tablet, 'still')
  expect(await readOf(tablet)).toEqual([])
  expect(await again.messages.unread(ben)).toBe(0)
  await again.messages.markRead(ben)
  await untilTold(world, async () => (await readOf(tablet)).length === 1)
})

test('DEL-68 DEL-47 B5 what was shown elsewhere before the setting changed is told by nobody', async () => {
  const { world, desk, tablet, ben } = await shownAndGone()
  await using _ = world
  await desk.settings.set('receipts.read', false)
  await desk.settings.set('receipts.read', true)
  await say(desk, tablet, 'one')
  await desk.messages.markRead(ben)
  for (let seconds = 0; seconds < 10; seconds++) world.time.leap(1_000)
  await say(desk, tablet, 'two')
  expect(await readOf(tablet)).toEqual([])
})

test('DEL-68 DEL-49 what the first device has told the next one does not tell again', async () => {
  const { world, phone, desk, tablet, ada, ben } = await cast()
  await using _ = world
  let receipts = 0
  tablet.addEventListener('message:delivery', ({ detail: { delivery } }) => {
    if (delivery.read) receipts += 1
  })
  const { message } = await tablet.messages.send(ada, { text: 'seen?' })
  for (const node of [phone, desk]) {
    await expect.poll(() => node.messages.unread(ben), WAIT).toBe(1)
  }
  await phone.messages.markRead(ben)
  await untilTold(world, async () => {
    const { read, reached } = (await tablet.messages.get(message))?.delivery ?? {}
    return read === true && reached === 2
  })
  // Siblings have the receipt when they have what the phone wrote after it.
  await say(phone, tablet, 'after it')
  await expect.poll(() => textsOf(desk), WAIT).toContain('after it')
  const before = receipts
  await desk.messages.markRead(ben)
  for (let seconds = 0; seconds < 10; seconds++) world.time.leap(1_000)
  await say(desk, tablet, 'and later')
  expect(receipts).toBe(before)
})

test('DEL-46 history that a new device gets is read as far as it was read on the others', async () => {
  const { world, phone, tablet, ada, ben } = await cast()
  await using _ = world
  for (const text of ['old', 'older']) await tablet.messages.send(ada, { text })
  await expect.poll(() => phone.messages.unread(ben), WAIT).toBe(2)
  await phone.messages.markRead(ben)
  await tablet.messages.send(ada, { text: 'new' })
  await expect.poll(() => unreadOf(phone), WAIT).toEqual(['new'])
  const fresh = await world.newDevice('watch')
  await world.link(phone, fresh)
  await expect.poll(() => textsOf(fresh), WAIT).toEqual(['old', 'older', 'new'])
  await expect.poll(() => unreadOf(fresh), WAIT).toEqual(['new'])
})

test('DEL-46 what comes late is new on every own device, though later ones were read, until it is shown', async () => {
  const world = await createWorld({ ada: ['phone', 'desk'], ben: ['tablet', 'pad'] })
  await using _ = world
  const [phone, desk] = [world.device('ada', 'phone'), world.device('ada', 'desk')]
  const [tablet, pad] = [world.device('ben', 'tablet'), world.device('ben', 'pad')]
  await world.acquaint(phone, tablet)
  const [ada, ben] = [accountOf(phone), accountOf(tablet)]
  for (const node of [desk, pad]) {
    await expect.poll(async () => (await node.contacts.list()).length, WAIT).toBe(1)
  }
  world.hub.partition([[pad.device]])
  await pad.messages.send(ada, { text: 'late' })
  world.time.leap(5_000)
  await tablet.messages.send(ada, { text: 'prompt' })
  for (const node of [phone, desk])
    await expect.poll(() => unreadOf(node), WAIT).toEqual(['prompt'])
  await phone.messages.markRead(ben)
  await expect.poll(() => unreadOf(desk), WAIT).toEqual([])
  world.hub.heal()
  for (const node of [phone, desk]) {
    await untilTold(world, async () => (await textsOf(node)).includes('late'))
    await expect.poll(() => unreadOf(node), WAIT).toEqual(['late'])
  }
  const again = await world.restart(phone)
  expect(await unreadOf(again)).toEqual(['late'])
  await desk.messages.markRead(ben)
  await expect.poll(() => unreadOf(again), WAIT).toEqual([])
  expect(await unreadOf(await world.restart(desk))).toEqual([])
})

test('DEL-46 a message unknown here cannot be read up to', async () => {
  const { world, phone, tablet, ada, ben } = await cast()
  await using _ = world
  const sent = await tablet.messages.send(ada, { text: 'hi' })
  await expect.poll(() => phone.messages.unread(ben), WAIT).toBe(1)
  const unknown = sent.message.replace(/.$/, (last) => (last === 'a' ? 'b' : 'a'))
  await expect(
    phone.messages.markRead(ben, { upTo: unknown as typeof sent.message }),
  ).rejects.toMatchObject({ code: 'ERR_NOT_FOUND' })
  expect(await phone.messages.unread(ben)).toBe(1)
})
