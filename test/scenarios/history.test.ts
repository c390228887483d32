import type { FrameStream, Net } from '@kithmesh/net'
import type { HistoryState, KithNode, Message, YesOnTerms } from '@kithmesh/node'
import { contentCodec, messageIdFromBytes } from '@kithmesh/protocol'
import { describe, expect, test, vi } from 'vitest'
import { createWorld, type World } from './world.ts'

// Hundreds of messages are written in each, on a machine that may be busy.
vi.setConfig({ testTimeout: 120_000 })

const DAY_MS = 24 * 60 * 60 * 1000
/** More than a few windows of the exchange, and still quick to write. */
const MANY = 400

/** Ada's laptop with a history, written to Ben, who is off. */
async function withHistory(count = MANY): Promise<{
  readonly world: World
  readonly laptop: KithNode
  readonly ben: NonNullable<KithNode['account']>
}> {
  const world = await createWorld({ ada: ['laptop'], ben: ['desk'] })
  const [laptop, desk] = [world.device('ada', 'laptop'), world.device('ben', 'desk')]
  await world.acquaint(desk, laptop, 'Ben')
  const ben = account(desk)
  await world.stop(desk)
  await write(laptop, ben, count)
  return { world, laptop, ben }
}

async function write(
  from: KithNode,
  to: NonNullable<KithNode['account']>,
  count: number,
  prefix = 'm',
): Promise<void> {
  // One after the other: each is a record of its own, as it is when people write.
  for (let at = 0; at < count; at += 1) await from.messages.send(to, { text: `${prefix}${at}` })
}

function account(node: KithNode): NonNullable<KithNode['account']> {
  if (node.account) return node.account
  throw new Error('no account')
}

const textsOf = async (
  node: KithNode,
  contact: NonNullable<KithNode['account']>,
): Promise<readonly string[]> => (await node.messages.list(contact)).map(({ text }) => text)

/** What is waited for comes, or does not: a busy machine is no fault. Looking reads all of it, so not often. */
const patience = (count: number) => ({ timeout: 60_000 + 20 * count, interval: 50 + count / 4 })

/** Resolves when a device holds as many messages. */
async function untilHeld(
  node: KithNode,
  contact: NonNullable<KithNode['account']>,
  count: number,
): Promise<void> {
  await expect.poll(async () => (await textsOf(node, contact)).length, patience(count)).toBe(count)
}

function progressOf(node: KithNode): readonly HistoryState[] {
  const seen: HistoryState[] = []
  node.addEventListener('history:progress', ({ detail }) => seen.push(detail))
  return seen
}

describe('HIS-7 history for a device that was linked', () => {
  test('HIS-7 HIS-9 HIS-10 HIS-11 it comes newest first with progress and an end; the digests are the same', async () => {
    const { world, laptop, ben } = await withHistory()
    await using _ = world
    const phone = await world.newDevice('phone')
    const arrived: string[] = []
    phone.addEventListener('message:sent', ({ detail }) => arrived.push(detail.text))
    const progress = progressOf(phone)
    const complete = new Promise<HistoryState>((resolve) =>
      phone.addEventListener('history:complete', ({ detail }) => resolve(detail)),
    )
    await world.link(laptop, phone)
    expect(await complete).toMatchObject({ done: true, percent: 100 })
    expect((await phone.history.state()).done).toBe(true)

    // Within a window ascending, the windows from the newest down.
    expect(arrived[0]).toBe(`m${MANY - 128}`)
    expect(arrived.indexOf(`m${MANY - 1}`)).toBe(127)
    expect(progress.length).toBeGreaterThan(2)
    const percents = progress.map(({ percent }) => percent)
    expect(percents).toEqual(percents.toSorted((a, b) => a - b))
    expect(percents.filter((percent) => percent === 100)).toEqual([100])
    expect(await textsOf(phone, ben)).toEqual(await textsOf(laptop, ben))
    expect(await phone.history.digest()).toEqual(await laptop.history.digest())
    const { contents } = await phone.history.digest()
    expect(contents).toBe(MANY)

    // From here on a message is the course of things.
    const toldOf = progress.length
    let completions = 0
    phone.addEventListener('history:complete', () => (completions += 1))
    await laptop.messages.send(ben, { text: 'later' })
    await expect.poll(async () => (await textsOf(phone, ben)).length).toBe(MANY + 1)
    expect([progress.length, completions]).toEqual([toldOf, 0])
  })

  test('HIS-7 broken off half-way it goes on behind what is here, from another sibling', async () => {
    const { world, laptop, ben } = await withHistory()
    await using _ = world
    const tablet = await world.newDevice('tablet')
    await world.link(laptop, tablet)
    await untilHeld(tablet, ben, MANY)

    const phone = await world.newDevice('phone')
    const got: string[] = []
    const half = new Promise<void>((resolve) =>
      phone.addEventListener('message:sent', ({ detail }) => {
        got.push(detail.text)
        if (got.length === 128) resolve()
      }),
    )
    // Linked by the laptop while the tablet is apart; then the laptop is gone for good.
    world.hub.partition([[tablet.device]])
    await world.link(laptop, phone)
    await half
    await world.stop(laptop)
    const before = await phone.history.state()
    expect(before).toMatchObject({ done: false })
    const again = await world.restart(phone)
    // Also after a start, with nobody there who could say so.
    expect(await again.history.state()).toMatchObject({ done: false })
    const kept = (await textsOf(again, ben)).length
    expect(kept).toBeGreaterThanOrEqual(128)
    expect(kept).toBeLessThan(MANY)
    const later: string[] = []
    again.addEventListener('message:sent', ({ detail }) => later.push(detail.text))
    world.hub.heal()
    await untilHeld(again, ben, MANY)
    await expect.poll(async () => (await again.history.state()).done).toBe(true)
    expect(later.length).toBe(MANY - kept)
    expect(await again.history.digest()).toEqual(await tablet.history.digest())
  })
})

describe('HIS-8 how far back a device gets messages', () => {
  /** Some old ones and, ten days later, some new ones. */
  async function oldAndNew(): Promise<Awaited<ReturnType<typeof withHistory>>> {
    const stage = await withHistory(5)
    stage.world.time.leap(10 * DAY_MS)
    await write(stage.laptop, stage.ben, 3, 'new')
    return stage
  }

  test('HIS-8 none, some days, all: and more of it later', async () => {
    const { world, laptop, ben } = await oldAndNew()
    await using _ = world
    const phone = await world.newDevice('phone')
    await world.link(laptop, phone, { history: 'none' })
    await write(laptop, ben, 1, 'after')
    await untilHeld(phone, ben, 1)
    const since = (await phone.history.state()).since ?? 0
    expect(since).toBeGreaterThan(0)
    expect(await phone.history.state()).toMatchObject({ done: true, percent: 100 })
    expect(await phone.history.digest({ since })).toEqual(await laptop.history.digest({ since }))

    const few = await laptop.history.allow(phone.device, { days: 1 })
    expect(few.historySince).toBeGreaterThan(0)
    await untilHeld(phone, ben, 4)
    expect(await textsOf(phone, ben)).not.toContain('m0')
    const all = await laptop.history.allow(phone.device, 'all')
    expect(all).not.toHaveProperty('historySince')
    await untilHeld(phone, ben, 9)
    expect(await phone.history.digest()).toEqual(await laptop.history.digest())
  })

  test('HIS-8 what the person says with the yes counts more than what was asked for', async () => {
    const { world, laptop, ben } = await oldAndNew()
    await using _ = world
    const phone = await world.newDevice('phone')
    const confirm = async (): Promise<YesOnTerms> => ({ history: { days: 1 } })
    await world.link(laptop, phone, { history: 'all', confirm })
    await untilHeld(phone, ben, 3)
    expect((await phone.history.state()).since).toBeGreaterThan(0)
    expect(await textsOf(phone, ben)).not.toContain('m0')
  })

  test('HIS-8 every sibling withholds, not only the one that linked it', async () => {
    const { world, laptop, ben } = await oldAndNew()
    await using _ = world
    const tablet = await world.newDevice('tablet')
    await world.link(laptop, tablet)
    await untilHeld(tablet, ben, 8)
    const phone = await world.newDevice('phone')
    await world.link(laptop, phone, { history: { days: 1 } })
    await untilHeld(phone, ben, 3)
    await world.stop(laptop)
    const again = await world.restart(phone)
    await write(tablet, ben, 1, 'tablet')
    await untilHeld(again, ben, 4)
    expect(await textsOf(again, ben)).not.toContain('m0')
    // Any device of the account may let it have more.
    await tablet.history.allow(again.device, 'all')
    await untilHeld(again, ben, 9)
  })

  test.each([[{ days: 0 }], [{ days: 1.5 }], [{ days: 36_501 }]])(
    'HIS-8 %j are no days: ERR_LINK_TERMS, and nobody is dialled',
    async (history) => {
      await using world = await createWorld({ ada: ['laptop'] })
      const laptop = world.device('ada', 'laptop')
      const phone = await world.newDevice('phone')
      await expect(world.link(laptop, phone, { history })).rejects.toMatchObject({
        code: 'ERR_LINK_TERMS',
      })
      expect(phone.account).toBeUndefined()
      await expect(laptop.history.allow(laptop.device, 'all')).rejects.toMatchObject({
        code: 'ERR_DEVICE_SELF',
      })
    },
  )
})

/** A net that shows each frame of an exchange that leaves it. */
function watched(net: Net, sees: (frame: Uint8Array) => void): Net {
  const seen = (stream: FrameStream): FrameStream => ({
    incoming: stream.incoming,
    peer: stream.peer,
    get path() {
      return stream.path
    },
    send: (frame, options) => {
      sees(frame)
      return stream.send(frame, options)
    },
    close: () => stream.close(),
    abort: (error) => stream.abort(error),
  })
  const isExchange = ({ id }: { readonly id: string }): boolean => id === '/kith/sync/1'
  return new Proxy(net, {
    get: (target, key) => {
      if (key === 'open') {
        const open: Net['open'] = async (peer, protocol, options) => {
          const stream = await target.open(peer, protocol, options)
          return isExchange(protocol) ? seen(stream) : stream
        }
        return open
      }
      if (key === 'handle') {
        const handle: Net['handle'] = (protocol, answer) =>
          target.handle(protocol, (stream) => answer(isExchange(protocol) ? seen(stream) : stream))
        return handle
      }
      const value: unknown = Reflect.get(target, key, target)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
}

/** Bytes of a message as the content that has to come over (MSG-1). */
function sizeOf({ chat, from, device, at, text }: Message): number {
  const author = { account: from.account, device }
  const parents = [messageIdFromBytes(new Uint8Array(16))]
  const body = { kind: 'text', text } as const
  return contentCodec.encode({ chat, author, seq: 99, parents, at, salt: new Uint8Array(16), body })
    .length
}

/** Messages of the long absence: KITH_BACKLOG=20000 for the whole of D6. */
const A_DAY = Math.floor(Number(process.env['KITH_BACKLOG'] ?? 300) / 60)
const BACKLOG = 60 * A_DAY

test(
  `D6 HIS-7 ${BACKLOG} messages of 60 days are there after one contact with any sibling`,
  async () => {
    const frames: Uint8Array[] = []
    // The phone is the first device: no other may suspend it for being away (OUT-11).
    const through = (net: Net): Net => watched(net, (frame) => frames.push(frame))
    await using world = await createWorld(
      { ada: ['phone', 'laptop', 'tablet'], ben: ['desk'] },
      'memory',
      { through },
    )
    const [laptop, tablet] = [world.device('ada', 'laptop'), world.device('ada', 'tablet')]
    const desk = world.device('ben', 'desk')
    await world.acquaint(desk, laptop, 'Ben')
    const ben = account(desk)
    await expect.poll(async () => (await tablet.contacts.list()).length).toBe(1)
    await world.stop(world.device('ada', 'phone'))
    await world.stop(desk)
    for (let day = 0; day < 60; day += 1) {
      await write(laptop, ben, A_DAY, `day ${day} `)
      world.time.leap(DAY_MS)
    }
    // Each leap broke the exchange off: it is tried anew up to 10 s later (NODE-9).
    world.time.leap(11_000)
    await untilHeld(tablet, ben, BACKLOG)
    // Who wrote them is gone; one that only heard of them is met.
    await world.stop(laptop)
    frames.length = 0
    const phone = await world.start('ada', 'phone')
    const complete = new Promise<HistoryState>((resolve) =>
      phone.addEventListener('history:complete', ({ detail }) => resolve(detail)),
    )
    await untilHeld(phone, ben, BACKLOG)
    expect(await complete).toMatchObject({ done: true })
    expect(await phone.history.digest()).toEqual(await tablet.history.digest())
    const payload = (await phone.messages.list(ben)).reduce((sum, one) => sum + sizeOf(one), 0)
    const bytes = frames.reduce((sum, { length }) => sum + length, 0)
    // All frames of the exchange count. Beside messages there are 60 days of account data: who met whom.
    expect(bytes).toBeLessThan(1.2 * payload + 24 * 1024)
    // Nothing larger was ever in one piece.
    expect(Math.max(...frames.map(({ length }) => length))).toBeLessThanOrEqual(256 * 1024)
  },
  60_000 + 60 * BACKLOG,
)
