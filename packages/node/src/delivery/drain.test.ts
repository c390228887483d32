import { createMemoryHub, createMemoryNet, type Net } from '@kithmesh/net'
import { type DeviceId, messageIdFromBytes, parseDeviceId } from '@kithmesh/protocol'
import { createEvents } from '@kithmesh/sync'
import { expect, test } from 'vitest'
import { openContext, type TestContext } from '../../test/context.ts'
import { accountNamed } from '../../test/people.ts'
import { openDeviceLogs } from '../account/device-logs.ts'
import { openCards } from '../cards.ts'
import { openChats } from '../chats.ts'
import type { PeerEvents } from '../greeting/peers.ts'
import { nodePlatform } from '../platform.node.ts'
import { MEMORY_HOME } from '../platform.ts'
import { MESSAGE } from '../protocols.ts'
import { commitStaged } from '../staged.ts'
import { startDrain } from './drain.ts'
import { toRecipientCodec, toSenderCodec } from './message-wire.ts'
import { type Outbox, openOutbox } from './outbox.ts'
import { openSessions } from './sessions.ts'

const ADA = accountNamed('a')
const BEN = accountNamed('b')

/** A device of Ada's with a drain, and one of Ben's that takes whatever comes. */
interface Pair {
  readonly ada: TestContext
  readonly outbox: Outbox
  readonly ben: DeviceId
  /** First bytes of the envelopes Ben has. */
  readonly arrived: number[]
  /** Streams that were opened to Ben. */
  readonly streams: () => number
  /** A better way to Ben stands than the one that the streams of now take. */
  findBetterWay(): void
  /** Acks that Ben keeps for himself so far. */
  readonly held: readonly (() => Promise<void>)[]
  add(number: number): Promise<void>
  /** Ben's device is known from now on. */
  meet(): void
}

async function pair({
  wrap = (outbox) => outbox,
  answer,
}: {
  readonly wrap?: (outbox: Outbox) => Outbox
  readonly answer?: (streams: number) => 'acks' | 'acks twice' | 'ends' | 'keeps quiet'
} = {}): Promise<Pair> {
  const hub = createMemoryHub({ clock: nodePlatform.clock })
  const signer = await nodePlatform.openIdentity(MEMORY_HOME)
  let outdated = new AbortController()
  const net = outdating(createMemoryNet(hub, { identity: signer }), () => outdated.signal)
  const ada = await openContext({ net, signer })
  const benNet = createMemoryNet(hub, {
    identity: await nodePlatform.openIdentity(MEMORY_HOME),
  })
  const arrived: number[] = []
  const held: (() => Promise<void>)[] = []
  let streams = 0
  benNet.handle(MESSAGE, async (stream) => {
    streams += 1
    const how = answer?.(streams) ?? 'acks'
    if (how === 'ends') return
    for await (const bytes of stream.incoming) {
      const frame = toRecipientCodec.decode(bytes)
      if (frame.kind === 'offer') {
        await stream.send(toSenderCodec.encode({ kind: 'want', ids: frame.ids, held: [] }))
      } else if (frame.kind === 'envelope') {
        arrived.push(frame.envelope[0] ?? 0)
        const ack = toSenderCodec.encode({ kind: 'ack', ids: [frame.id] })
        if (how === 'acks twice') await stream.send(ack)
        if (how !== 'keeps quiet') await stream.send(ack)
        else held.push(() => stream.send(ack))
      }
    }
  })

  const logs = await openDeviceLogs(ada)
  const cards = await openCards(ada)
  const outbox = wrap(await openOutbox(ada))
  const ben = parseDeviceId(benNet.peer)
  const events = createEvents<PeerEvents>()
  const accountOf = (device: DeviceId) => (device === ben ? BEN : undefined)
  startDrain(ada, {
    account: ADA,
    outbox,
    chats: openChats(ada, ADA),
    sessions: openSessions(ada, { account: ADA, logs, cards }),
    settle: async (reached) => [outbox.stageReached(reached)],
    mending: { hear: async () => false, isBroken: () => false },
    recordReached: (_, alongside) => commitStaged(ada.store, alongside),
    logs: { accountOf },
    peers: { events, accountOf },
  })
  return {
    ada,
    outbox,
    ben,
    arrived,
    held,
    streams: () => streams,
    findBetterWay: () => {
      outdated.abort()
      outdated = new AbortController()
    },
    add: (number) =>
      commitStaged(ada.store, [
        outbox.stageAdd({
          recipient: ben,
          message: messageIdFromBytes(new Uint8Array(16).fill(number)),
          envelope: Uint8Array.of(number),
        }),
      ]),
    meet: () => events.emit('peer:known', { device: ben, account: BEN }),
  }
}

/** A net whose streams are told of better ways, which there are none in memory. */
function outdating(net: Net, outdated: () => AbortSignal): Net {
  return new Proxy(net, {
    get: (target, name) => {
      if (name === 'open') {
        return async (...asked: Parameters<Net['open']>) =>
          Object.assign(await target.open(...asked), { outdated: outdated() })
      }
      const value: unknown = Reflect.get(target, name)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
}

test('NET-55 DEL-4 on a worse way a lane ends what is under way, and the rest takes the better one: each once', async () => {
  const { add, meet, arrived, held, streams, findBetterWay, outbox } = await pair({
    answer: (count) => (count === 1 ? 'keeps quiet' : 'acks'),
  })
  await add(1)
  await add(2)
  meet()
  await expect.poll(() => arrived).toEqual([1, 2])
  findBetterWay()
  await add(3)
  await held[0]?.()
  await expect.poll(() => outbox.size()).toBe(2)
  expect(arrived).toEqual([1, 2])
  expect(streams()).toBe(1)
  await held[1]?.()
  await expect.poll(() => arrived).toEqual([1, 2, 3])
  expect(streams()).toBe(2)
  await expect.poll(() => outbox.size()).toBe(0)
})

test('NET-55 a lane that has nothing to do ends at once, and the next word takes the better way', async () => {
  const { add, meet, arrived, streams, findBetterWay, outbox } = await pair()
  await add(1)
  meet()
  await expect.poll(() => outbox.size()).toBe(0)
  findBetterWay()
  await add(2)
  await expect.poll(() => arrived).toEqual([1, 2])
  expect(streams()).toBe(2)
})

test('DEL-4 what was written leaves as soon as its device is known, in order, and then the outbox is empty', async () => {
  const { add, meet, arrived, outbox } = await pair()
  for (const number of [1, 2, 3]) await add(number)
  meet()
  await expect.poll(() => arrived).toEqual([1, 2, 3])
  await add(4)
  await expect.poll(() => arrived).toEqual([1, 2, 3, 4])
  await expect.poll(() => outbox.size()).toBe(0)
})

test('DEL-4 what comes into the outbox while it is found empty is not left behind', async () => {
  let sneakIn: (() => Promise<void>) | undefined
  const { add, meet, arrived } = await pair({
    wrap: (outbox) => ({
      ...outbox,
      hasFor: async (device) => {
        const has = await outbox.hasFor(device)
        const sneak = sneakIn
        sneakIn = undefined
        await sneak?.()
        return has
      },
    }),
  })
  sneakIn = () => add(1)
  meet()
  await expect.poll(() => arrived).toEqual([1])
})

test('DEL-4 a recipient that ends the stream gets the rest over another one', async () => {
  const { add, arrived } = await pair({
    answer: (streams) => (streams === 1 ? 'ends' : 'acks'),
  })
  await add(1)
  await expect.poll(() => arrived).toEqual([1])
})

test('DEL-8 D6 at most 64 envelopes are under way to a device; each ack lets one more go', async () => {
  const { add, meet, arrived, held } = await pair({ answer: () => 'keeps quiet' })
  for (let number = 1; number <= 70; number++) await add(number)
  meet()
  await expect.poll(() => arrived.length).toBe(64)
  for (const acked of [1, 2, 3]) {
    await held[acked - 1]?.()
    await expect.poll(() => arrived.length).toBe(64 + acked)
  }
  expect(arrived).toEqual(Array.from({ length: 67 }, (_, at) => at + 1))
})

test('DEL-66 an ack of what is not under way any more keeps none of the later ones from being noted', async () => {
  const { add, meet, outbox } = await pair({ answer: () => 'acks twice' })
  meet()
  for (const number of [1, 2, 3]) {
    await add(number)
    await expect.poll(() => outbox.size()).toBe(0)
  }
})
