import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createMemoryHub, createMemoryNet, type FrameStream } from '@kithmesh/net'
import {
  createDeviceCard,
  createKeyPair,
  createOneTimeCard,
  type DeviceCard,
  decoded,
  deviceCardCodec,
  directChatId,
  type Envelope,
  envelopeCodec,
  isOneTimeCard,
  parseDeviceId,
  signerFromSeed,
} from '@kithmesh/protocol'
import { createEvents } from '@kithmesh/sync'
import { expect, onTestFinished, test } from 'vitest'
import { createTime } from '../../../../test/scenarios/time.ts'
import { openContext } from '../../test/context.ts'
import { accountOf, createDevices, type Devices, type SeenFrame } from '../../test/devices.ts'
import { accountNamed } from '../../test/people.ts'
import { openDeviceLogs } from '../account/device-logs.ts'
import type { KithNode } from '../api/node.ts'
import { openCards } from '../cards.ts'
import { openChats } from '../chats.ts'
import type { PeerEvents } from '../greeting/peers.ts'
import { nodePlatform } from '../platform.node.ts'
import { MESSAGE } from '../protocols.ts'
import { commitStaged } from '../staged.ts'
import { startDrain } from './drain.ts'
import { type ToRecipient, toRecipientCodec, toSenderCodec } from './message-wire.ts'
import { openOutbox } from './outbox.ts'
import { openSessions } from './sessions.ts'

const WAIT = { timeout: 15_000, interval: 20 } as const

const BEN_SIGNER = signerFromSeed(new Uint8Array(32).fill(2))

/** Devices whose sessions tell how they began. */
interface Ground {
  readonly devices: Devices
  /** `name start`, for each session that began. */
  readonly starts: readonly string[]
  start(name: string): Promise<KithNode>
}

async function ground(onFrame: (frame: SeenFrame) => void = () => undefined): Promise<Ground> {
  const folder = await mkdtemp(join(tmpdir(), 'kith-first-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const devices = createDevices(onFrame)
  const starts: string[] = []
  const start = (name: string): Promise<KithNode> => {
    const debug = (message: string, detail: object = {}): void => {
      if (message === 'a session begins')
        starts.push(`${name} ${'start' in detail && detail.start}`)
    }
    const logger = { debug, warn: () => undefined }
    return devices.start(name, { home: join(folder, name), logger })
  }
  return { devices, starts, start }
}

async function textsOf(node: KithNode, of: KithNode): Promise<readonly string[]> {
  return (await node.messages.list(accountOf(of))).map(({ text }) => text)
}

function envelopeIn({ protocol, bytes }: SeenFrame): boolean {
  return protocol === MESSAGE.id && decoded(toRecipientCodec, bytes)?.kind === 'envelope'
}

test('SES-24 SES-25 B4 the first message to a device that is here is sealed to a card made for it', async () => {
  const { devices, starts, start } = await ground()
  const [ada, ben] = [await start('ada'), await start('ben')]
  await devices.acquaint(ada, ben)
  for (const text of ['one', 'two', 'three']) await ada.messages.send(accountOf(ben), { text })
  await expect.poll(() => textsOf(ben, ada), WAIT).toEqual(['one', 'two', 'three'])
  await ben.messages.send(accountOf(ada), { text: 'four' })
  await expect.poll(() => textsOf(ada, ben), WAIT).toHaveLength(4)
  expect([...starts].sort()).toEqual(['ada one-time', 'ben one-time'])
})

test('SES-24 DEL-14 DEL-24 to a device that is away nothing is sealed; when it comes it makes a card for it', async () => {
  const { devices, starts, start } = await ground()
  const [ada, ben] = [await start('ada'), await start('ben')]
  await devices.acquaint(ada, ben)
  devices.hub.partition([[ada.device], [ben.device]])
  await ada.messages.send(accountOf(ben), { text: 'for later' })
  expect(starts).toEqual([])
  devices.hub.heal()
  await expect.poll(() => textsOf(ben, ada), WAIT).toEqual(['for later'])
  expect(starts).toEqual(['ada one-time', 'ben one-time'])
})

test('SES-24 B4 a contact that asks 10,000 times gets one card, and takes none from anybody', async () => {
  const { devices, starts, start } = await ground()
  const [ada, ben, eve] = [await start('ada'), await start('ben'), await start('eve')]
  await devices.acquaint(ben, ada)
  await devices.acquaint(ben, eve)
  await eve.stop()
  const stream = await devices.impersonate(eve).open(ben.device, MESSAGE)
  const given = new Set<number>()
  const answers = stream.incoming[Symbol.asyncIterator]()
  for (let asked = 0; asked < 10_000; asked += 100) {
    for (let one = 0; one < 100; one++)
      await stream.send(toRecipientCodec.encode({ kind: 'ask-card' }))
    for (let one = 0; one < 100; one++) {
      const answer = await answers.next()
      const frame = toSenderCodec.decode(answer.value ?? new Uint8Array())
      if (frame.kind === 'card' && frame.card) {
        given.add(deviceCardCodec.decode(frame.card).number)
      }
    }
  }
  expect(given.size).toBe(1)
  await ada.messages.send(accountOf(ben), { text: 'hello' })
  await expect.poll(() => textsOf(ben, ada), WAIT).toEqual(['hello'])
  expect([...starts].sort()).toEqual(['ada one-time', 'ben one-time'])
})

test('SES-24 DEL-9 A5 a stranger that asks is given nothing', async () => {
  const { devices, start } = await ground()
  const ben = await start('ben')
  const stream = await devices.stranger().open(ben.device, MESSAGE)
  await stream.send(toRecipientCodec.encode({ kind: 'ask-card' })).catch(() => undefined)
  await expect(stream.incoming[Symbol.asyncIterator]().next()).rejects.toThrow()
})

test('SES-24 SES-26 when the recipient restarts before the message came, it is mended: once, and no copy lost', async () => {
  let isLost = true
  const { devices, starts, start } = await ground((frame) => {
    if (!isLost || !envelopeIn(frame)) return
    devices.hub.partition([[ada.device], [ben.device]])
    throw new Error('lost')
  })
  const ada = await start('ada')
  let ben = await start('ben')
  await devices.acquaint(ada, ben)
  await ada.messages.send(accountOf(ben), { text: 'hello' })
  await expect.poll(() => starts, WAIT).toEqual(['ada one-time'])
  await ada.messages.send(accountOf(ben), { text: 'again' })
  isLost = false
  await ben.stop()
  ben = await start('ben')
  devices.hub.heal()
  await expect.poll(() => textsOf(ben, ada), WAIT).toEqual(['hello', 'again'])
  await expect.poll(async () => (await ada.status()).pending, WAIT).toBe(0)
  // Ben began anew from Ada's published card; she took his session over.
  expect(starts).toEqual(['ada one-time', 'ben card', 'ada card'])
})

/** Ada's lane towards a Ben of whom the test says how he answers. */
async function asking(
  answer: (stream: FrameStream, card: DeviceCard, putOut: () => Promise<void>) => Promise<void>,
) {
  const time = createTime()
  const hub = createMemoryHub({ clock: nodePlatform.clock })
  const adaSigner = signerFromSeed(new Uint8Array(32).fill(1))
  const net = createMemoryNet(hub, { identity: adaSigner })
  const ada = await openContext({
    ...time,
    net,
    signer: adaSigner,
    device: parseDeviceId(net.peer),
  })
  onTestFinished(() => ada.store.close())
  const benNet = createMemoryNet(hub, { identity: BEN_SIGNER })
  const [ADA, BEN] = [accountNamed('a'), accountNamed('b')]
  const ben = parseDeviceId(benNet.peer)
  const identityKey = await createKeyPair(ada)
  const published = await createDeviceCard({ signer: BEN_SIGNER, identityKey, number: 1 }, ada)
  const { card } = await createOneTimeCard({ signer: BEN_SIGNER, identityKey }, ada)
  const asked: ToRecipient['kind'][] = []
  const arrived: Envelope[] = []
  const ended = Promise.withResolvers<void>()
  benNet.handle(MESSAGE, (stream) => answered(stream).finally(ended.resolve))
  async function answered(stream: FrameStream): Promise<void> {
    for await (const bytes of stream.incoming) {
      const frame = toRecipientCodec.decode(bytes)
      asked.push(frame.kind)
      if (frame.kind === 'ask-card') await answer(stream, card, putOut)
      if (frame.kind === 'envelope') arrived.push(envelopeCodec.decode(frame.envelope))
      if (frame.kind === 'offer') {
        await stream.send(toSenderCodec.encode({ kind: 'want', ids: frame.ids, held: [] }))
      }
    }
  }
  const logs = await openDeviceLogs(ada)
  const cards = await openCards(ada)
  const staged = await cards.stage(ben, deviceCardCodec.encode(published.card))
  await commitStaged(ada.store, staged ? [staged] : [])
  const chats = openChats(ada, ADA)
  const outbox = await openOutbox(ada)
  for (const text of ['one', 'two']) {
    const stored = await chats.draft(directChatId(ADA, BEN), { kind: 'text', text })
    const { message } = stored
    const waits = outbox.stageAdd({ recipient: ben, message })
    await commitStaged(ada.store, [await chats.stage(stored), waits])
  }
  const events = createEvents<PeerEvents>()
  const sessions = openSessions(ada, { account: ADA, logs, cards })
  let isIn = true
  /** What is kept for Ben's device goes, as with the entry that puts it out (OUT-6). */
  async function putOut(): Promise<void> {
    isIn = false
    const waiting = outbox.stageRemove(await outbox.allFor(ben))
    await commitStaged(ada.store, [cards.stageForget(ben), sessions.stageForget(ben), waiting])
  }
  startDrain(ada, {
    account: ADA,
    outbox,
    logs: { accountOf: () => (isIn ? BEN : undefined) },
    chats,
    sessions,
    settle: async (reached) => [outbox.stageReached(reached)],
    mending: { hear: async () => false, isBroken: () => false },
    recordReached: (_, alongside) => commitStaged(ada.store, alongside),
    peers: { events, accountOf: () => BEN },
  })
  events.emit('peer:known', { device: ben, account: BEN })
  /** Numbers of the cards that the envelopes were sealed to, once both are there; the published one is 1. */
  const sealedTo = async (): Promise<readonly (number | undefined)[]> => {
    await expect.poll(() => arrived.length, WAIT).toBe(2)
    return arrived.map((one) => (one.kind === 'initial' ? one.agreement.prekeyNumber : undefined))
  }
  /** What Ada keeps for Ben's device. */
  const kept = async () => ({
    sessions: await ada.tables.sessions.get(ben),
    waiting: await outbox.allFor(ben),
  })
  return { time, asked, arrived, sealedTo, ended: ended.promise, kept }
}

async function say(stream: FrameStream, card: Uint8Array | undefined): Promise<void> {
  await stream.send(toSenderCodec.encode({ kind: 'card', card }))
}

test('SES-24 it is asked for once, and every message of the session is sealed to it', async () => {
  const { asked, sealedTo } = await asking((stream, card) =>
    say(stream, deviceCardCodec.encode(card)),
  )
  expect((await sealedTo()).map((number) => isOneTimeCard({ number: number ?? 0 }))).toEqual([
    true,
    true,
  ])
  expect(asked).toEqual(['offer', 'ask-card', 'envelope', 'envelope'])
})

test('SES-24 a recipient that gives none gets what is sealed to its published card', async () => {
  const { sealedTo } = await asking((stream) => say(stream, undefined))
  expect(await sealedTo()).toEqual([1, 1])
})

test('SES-24 nobody is waited for: without an answer the published card has to do', async () => {
  const { time, asked, sealedTo } = await asking(async () => undefined)
  await expect.poll(() => asked, WAIT).toEqual(['offer', 'ask-card'])
  time.leap(4_000)
  await new Promise(setImmediate)
  expect(asked).toHaveLength(2)
  time.leap(1_001)
  expect(await sealedTo()).toEqual([1, 1])
})

test('DEL-22 OUT-6 SES-24 A8 a device that is put out while it is asked for a card gets nothing sealed, and nothing of it comes back', async () => {
  const { arrived, ended, kept } = await asking(async (stream, card, putOut) => {
    await putOut()
    await say(stream, deviceCardCodec.encode(card))
  })
  await ended
  expect(await kept()).toEqual({ sessions: undefined, waiting: [] })
  expect(arrived).toEqual([])
})

test('SES-24 A3 what is no one-time card of that device is not used, whatever it is', async () => {
  const answers: readonly ((card: DeviceCard) => Promise<Uint8Array>)[] = [
    async () => Uint8Array.of(1, 2, 3),
    // One to be published, a forged one, and one of somebody else.
    async () => {
      const context = await openContext()
      const identityKey = await createKeyPair(context)
      const made = await createDeviceCard({ signer: BEN_SIGNER, identityKey, number: 5 }, context)
      await context.store.close()
      return deviceCardCodec.encode(made.card)
    },
    async (card) => deviceCardCodec.encode({ ...card, prekey: card.identityKey }),
    async () => {
      const context = await openContext()
      const identityKey = await createKeyPair(context)
      const made = await createOneTimeCard({ signer: context.signer, identityKey }, context)
      await context.store.close()
      return deviceCardCodec.encode(made.card)
    },
  ]
  for (const make of answers) {
    const { sealedTo } = await asking(async (stream, card) => say(stream, await make(card)))
    expect(await sealedTo()).toEqual([1, 1])
  }
})
