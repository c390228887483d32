import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  createDeviceCard,
  createKeyPair,
  createOneTimeCard,
  type DeviceCard,
  type DeviceId,
  decoded,
  deviceCardCodec,
  deviceIdFromPublicKey,
  signerFromSeed,
} from '@kithmesh/protocol'
import { expect, onTestFinished, test } from 'vitest'
import { createTime } from '../../../../test/scenarios/time.ts'
import { BEN, cardGround, helloOf, named, OWN } from '../../test/card-ground.ts'
import { openContext } from '../../test/context.ts'
import { accountOf, createDevices } from '../../test/devices.ts'
import type { KithNode } from '../api/node.ts'
import { openCards } from '../cards.ts'
import { nodePlatform } from '../platform.node.ts'
import { HELLO } from '../protocols.ts'
import { type Hello, helloCodec, MAX_CARDS } from './hello-wire.ts'

const WAIT = { timeout: 15_000, interval: 20 } as const
const HOUR = 60 * 60 * 1000
const DAY = 24 * HOUR

test('SES-18 a contact is asked about the devices of both accounts, a sibling about those of contacts, too', async () => {
  const { gossip, keep, sibling, phone, tablet, eve } = await cardGround()
  await keep(await phone.make(3))
  expect(await gossip.held(BEN)).toEqual([
    { device: sibling.device, number: 0 },
    { device: phone.device, number: 3 },
    { device: tablet.device, number: 0 },
  ])
  expect((await gossip.held(OWN)).map(({ device }) => device)).toEqual(
    [sibling, phone, tablet, eve].map(({ device }) => device),
  )
})

test('SES-18 of more devices than go into one hello the next ones are asked about in turn', async () => {
  const { gossip, members, sibling } = await cardGround()
  const many = Array.from({ length: 600 }, (_, at) =>
    deviceIdFromPublicKey(
      Uint8Array.from({ length: 32 }, (__, byte) => (byte < 2 ? at >> (8 * byte) : 9)),
    ),
  )
  members.set(BEN, many)
  const seen = new Set<DeviceId>()
  for (let round = 0; round < 3; round++) {
    const asked = await gossip.held(OWN)
    expect(asked).toHaveLength(MAX_CARDS)
    expect(asked[0]?.device).toBe(sibling.device)
    for (const { device } of asked) seen.add(device)
  }
  expect(many.every((device) => seen.has(device))).toBe(true)
})

test('SES-18 only newer cards are sent, only of devices that were asked about', async () => {
  const { gossip, keep, sibling, phone, tablet } = await cardGround()
  const shown = await tablet.make(1)
  await keep(await sibling.make(2))
  await keep(await phone.make(5))
  const asked = async (cards: Hello['cards']): Promise<unknown> =>
    named(await gossip.newerThan(tablet.device, helloOf(BEN, shown, cards)))
  expect(await asked([])).toEqual([])
  expect(await asked([{ device: phone.device, number: 5 }])).toEqual([])
  expect(await asked([{ device: phone.device, number: 6 }])).toEqual([])
  expect(
    await asked([
      { device: phone.device, number: 4 },
      { device: sibling.device, number: 0 },
    ]),
  ).toEqual([
    [phone.device, 5],
    [sibling.device, 2],
  ])
})

test('SES-18 A1 a contact hears nothing of the devices of another contact, whatever it asks', async () => {
  const { gossip, keep, phone, eve } = await cardGround()
  await keep(await eve.make(1))
  const hello = helloOf(BEN, await phone.make(1), [{ device: eve.device, number: 0 }])
  expect(await gossip.newerThan(phone.device, hello)).toEqual([])
})

test('SES-18 a card that has expired is not passed on', async () => {
  const { time, gossip, keep, phone, tablet } = await cardGround()
  await keep(await phone.make(5))
  time.leap(38 * DAY)
  const hello = helloOf(BEN, await tablet.make(1), [{ device: phone.device, number: 0 }])
  expect(await gossip.newerThan(tablet.device, hello)).toEqual([])
})

test('SES-19 A3 forged, expired, future, older, foreign and one-time cards are dropped, the others taken', async () => {
  const { time, context, gossip, keep, numbers, sibling, phone, tablet, eve } = await cardGround()
  const stranger = signerFromSeed(new Uint8Array(32).fill(9))
  const identityKey = await createKeyPair(context)
  const ofStranger = await createDeviceCard({ signer: stranger, identityKey, number: 1 }, context)
  const expired = await phone.make(7)
  time.leap(40 * DAY)
  const future = await tablet.make(9)
  time.leap(-2 * DAY)
  const genuine = await phone.make(6)
  const benSigner = signerFromSeed(new Uint8Array(32).fill(2))
  const oneTime = await createOneTimeCard({ signer: benSigner, identityKey }, context)
  await keep(await sibling.make(4))
  const shown = [
    { ...genuine, number: 8 },
    { ...genuine, device: tablet.device },
    expired,
    future,
    await sibling.make(3),
    await eve.make(1),
    ofStranger.card,
    oneTime.card,
    genuine,
  ]
  const bytes = shown.map((card) => deviceCardCodec.encode(card))
  await gossip.take([new Uint8Array(), new Uint8Array(40)], BEN)
  for (const one of bytes) await gossip.take([one], BEN)
  expect(await numbers()).toEqual([4, 6, undefined, undefined])
  // A sibling may speak of every contact.
  for (const one of bytes) await gossip.take([one], OWN)
  expect(await numbers()).toEqual([4, 6, undefined, 1])
})

test('SES-19 of two cards with one number the first stays, and the device hears of it', async () => {
  const { context, gossip, keep, cards, phone } = await cardGround()
  const [first, second] = [await phone.make(2), await phone.make(2)]
  await keep(first)
  await gossip.take([deviceCardCodec.encode(second)], BEN)
  expect(await cards.get(phone.device)).toEqual(first)
  const afterRestart = await openCards(context)
  expect(await afterRestart.stage(phone.device, deviceCardCodec.encode(second))).toBeUndefined()
  // Who shows the second one is given the first: it cannot know its secrets (SES-22).
  expect(await gossip.newerThan(phone.device, helloOf(BEN, second))).toEqual([
    deviceCardCodec.encode(first),
  ])
  expect(await gossip.newerThan(phone.device, helloOf(BEN, first))).toEqual([])
  expect(await gossip.newerThan(phone.device, helloOf(BEN, await phone.make(3)))).toEqual([])
})

test('SES-22 a device that was put back overtakes the card it does not know, once an hour', async () => {
  const { time, context, cards, gossip } = await cardGround()
  const { identityKey, card } = cards.ownIdentity()
  const make = async (number: number): Promise<Uint8Array> => {
    const made = await createDeviceCard({ signer: context.signer, identityKey, number }, context)
    return deviceCardCodec.encode(made.card)
  }
  const now = (): number => cards.ownIdentity().card.number
  await gossip.take([deviceCardCodec.encode({ ...card, number: 99 })], BEN)
  await gossip.take([cards.own()], BEN)
  expect(now()).toBe(1)
  await gossip.take([await make(1)], BEN)
  expect(now()).toBe(2)
  await gossip.take([await make(7)], BEN)
  expect(now()).toBe(2)
  time.leap(HOUR)
  await gossip.take([await make(7)], BEN)
  expect(now()).toBe(8)
  time.leap(HOUR)
  await gossip.take([await make(5)], BEN)
  expect(now()).toBe(8)
})

test('SES-19 SES-22 B2 a device that was put back is not mute while its expired card of a higher number is here', async () => {
  const { time, cards, gossip, keep, phone, tablet } = await cardGround()
  await keep(await phone.make(9))
  time.leap(38 * DAY)
  // Nobody is told of a card that is of no use here: else none would bring the one that is.
  expect((await gossip.held(BEN)).find(({ device }) => device === phone.device)?.number).toBe(0)
  const six = await phone.make(6)
  await keep(six)
  expect(await cards.get(phone.device)).toEqual(six)
  expect(await gossip.newerThan(phone.device, helloOf(BEN, six))).toEqual([])
  const hello = helloOf(BEN, await tablet.make(1), [{ device: phone.device, number: 0 }])
  expect(await gossip.newerThan(tablet.device, hello)).toEqual([deviceCardCodec.encode(six)])
})

test('SES-22 a card that stands and is of no higher number than the shown one is given back, an expired one is not', async () => {
  const { time, gossip, keep, phone } = await cardGround()
  const nine = await phone.make(9)
  await keep(nine)
  const back = async (shown: DeviceCard) =>
    named(await gossip.newerThan(phone.device, helloOf(BEN, shown)))
  expect(await back(await phone.make(6))).toEqual([[phone.device, 9]])
  time.leap(38 * DAY)
  expect(await back(await phone.make(6))).toEqual([])
})

test('SES-18 SES-20 a contact has the card of a device that is off from its sibling, and siblings those of contacts', async () => {
  // On disks: a session that lives in memory would be over by then.
  const folder = await mkdtemp(join(tmpdir(), 'kith-cards-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const time = createTime()
  const said = new Map<string, Hello>()
  let cardFrames = 0
  const devices = createDevices(({ from, protocol, bytes }) => {
    const frame = protocol === HELLO.id ? decoded(helloCodec, bytes) : undefined
    if (frame?.kind === 'hello') said.set(from, frame)
    if (frame?.kind === 'card') cardFrames++
  })
  const start = (name: string, options = {}): Promise<KithNode> =>
    devices.start(name, { home: join(folder, name), ...time, ...options })
  /** The card of `of` that `name` says it has. */
  const held = (name: string, of: KithNode): number | undefined =>
    said.get(name)?.cards.find(({ device }) => device === of.device)?.number
  const shown = (name: string): number =>
    deviceCardCodec.decode(said.get(name)?.card ?? new Uint8Array()).number

  const [phone, ben] = [await start('phone'), await start('ben')]
  const laptop = await start('laptop', { newDevice: true })
  const { code } = await laptop.linking.offer()
  await phone.devices.link(code, { confirm: async () => true })
  await devices.acquaint(phone, ben)
  const contacts = async (): Promise<number> => (await laptop.contacts.list()).length
  await expect.poll(contacts, WAIT).toBe(1)
  await expect.poll(() => held('ben', laptop), WAIT).toBe(1)

  // Ben never meets the laptop with its second card; the phone does.
  devices.hub.partition([[phone.device, laptop.device], [ben.device]])
  // Greeted for the last time that day, then for the card alone.
  for (const ms of [7 * DAY - 2 * HOUR, HOUR, HOUR + 60_000]) time.leap(ms)
  await expect.poll(() => [shown('laptop'), held('phone', laptop)], WAIT).toEqual([2, 2])
  await laptop.stop()
  devices.hub.heal()
  const again = async (): Promise<readonly unknown[]> => {
    time.leap(DAY)
    return [held('ben', laptop), held('phone', ben)]
  }
  await expect.poll(again, { ...WAIT, interval: 300 }).toEqual([2, 2])

  // Nobody sends what the other said it has: a quiet day has no card in it.
  const before = cardFrames
  const hellos = said.get('ben')
  time.leap(DAY)
  await expect.poll(() => said.get('ben') !== hellos, WAIT).toBe(true)
  expect(cardFrames).toBe(before)
})

test('SES-22 SES-20 a device that hears of a card it does not know gives out the next one at once', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'kith-cards-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const devices = createDevices()
  const home = join(folder, 'ada')
  const [ada, ben] = [await devices.start('ada', { home }), await devices.start('ben')]
  await devices.acquaint(ada, ben)
  await ben.stop()
  const net = devices.impersonate(ben)
  const context = await openContext()
  onTestFinished(() => context.store.close())
  const signer = await nodePlatform.openIdentity(home)
  const identityKey = await createKeyPair(context)
  const { card } = await createDeviceCard({ signer, identityKey, number: 7 }, context)
  const hello = helloCodec.encode(helloOf(accountOf(ben), card))
  const done = helloCodec.encode({ kind: 'done' })
  const shown: number[] = []
  net.handle(HELLO, async (stream) => {
    for (const bytes of [hello, done]) await stream.send(bytes)
    await stream.close()
    for await (const bytes of stream.incoming) {
      const frame = helloCodec.decode(bytes)
      if (frame.kind === 'hello') shown.push(deviceCardCodec.decode(frame.card).number)
    }
  })
  const stream = await net.open(ada.device, HELLO)
  await expect.poll(() => shown, WAIT).toEqual([1])
  const told = helloCodec.encode({ kind: 'card', card: deviceCardCodec.encode(card) })
  for (const bytes of [hello, told, done]) await stream.send(bytes)
  await stream.close()
  await expect.poll(() => shown, WAIT).toEqual([1, 8])
})
