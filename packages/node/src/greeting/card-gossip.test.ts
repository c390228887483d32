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
import { openContext } from '../../test/context.ts'
import { accountOf, createDevices } from '../../test/devices.ts'
import { accountNamed } from '../../test/people.ts'
import type { DeviceLogs } from '../account/device-logs.ts'
import type { KithNode } from '../api.ts'
import { openCards } from '../cards.ts'
import { nodePlatform } from '../platform.node.ts'
import { HELLO } from '../protocols.ts'
import { commitStaged } from '../staged.ts'
import { createCardGossip, maxCardsFrom } from './card-gossip.ts'
import { type Hello, helloCodec, MAX_CARDS } from './hello-wire.ts'

const WAIT = { timeout: 15_000, interval: 20 } as const
const HOUR = 60 * 60 * 1000
const DAY = 24 * HOUR
const [OWN, BEN, EVE] = [accountNamed('o'), accountNamed('b'), accountNamed('e')]

/** A device with keys of its own that makes cards when a test says so. */
interface Maker {
  readonly device: DeviceId
  make(number: number): Promise<DeviceCard>
}

/** This device with a sibling, two of Ben's devices and one of Eve's, both of whom are contacts. */
async function ground() {
  const time = createTime()
  const context = await openContext(time)
  onTestFinished(() => context.store.close())
  const cards = await openCards(context)
  const maker = async (seed: number): Promise<Maker> => {
    const signer = signerFromSeed(new Uint8Array(32).fill(seed))
    const identityKey = await createKeyPair(context)
    const make = async (number: number): Promise<DeviceCard> =>
      (await createDeviceCard({ signer, identityKey, number }, context)).card
    return { device: deviceIdFromPublicKey(signer.publicKey), make }
  }
  const [sibling, phone, tablet, eve] = await Promise.all([1, 2, 3, 4].map(maker))
  if (!sibling || !phone || !tablet || !eve) throw new Error('four were made')
  const members = new Map([
    [OWN, [context.device, sibling.device]],
    [BEN, [phone.device, tablet.device]],
    [EVE, [eve.device]],
  ])
  const logs: Pick<DeviceLogs, 'accounts' | 'devicesOf' | 'accountOf'> = {
    accounts: () => [...members.keys()],
    devicesOf: (account) => members.get(account) ?? [],
    accountOf: (device) => [...members].find(([, devices]) => devices.includes(device))?.[0],
  }
  const isContact = (account: typeof OWN): boolean => account !== OWN
  const gossip = createCardGossip(context, { account: OWN, logs, cards, isContact })
  const keep = async (card: DeviceCard): Promise<void> => {
    const staged = await cards.stage(card.device, deviceCardCodec.encode(card))
    await commitStaged(context.store, staged ? [staged] : [])
  }
  /** What stands here: numbers by device. */
  const numbers = async (): Promise<readonly (number | undefined)[]> =>
    Promise.all(
      [sibling, phone, tablet, eve].map(async ({ device }) => (await cards.kept(device))?.number),
    )
  return { time, context, cards, gossip, members, keep, numbers, sibling, phone, tablet, eve }
}

function helloOf(account: typeof OWN, card: DeviceCard, cards: Hello['cards'] = []): Hello {
  const encoded = deviceCardCodec.encode(card)
  return { kind: 'hello', account, logs: [], card: encoded, cards, places: [], epochs: [] }
}

function named(cards: readonly Uint8Array[]): readonly (readonly [DeviceId, number])[] {
  return cards.map((bytes) => {
    const { device, number } = deviceCardCodec.decode(bytes)
    return [device, number] as const
  })
}

test('SES-18 a contact is asked about the devices of both accounts, a sibling about those of contacts, too', async () => {
  const { gossip, keep, sibling, phone, tablet, eve } = await ground()
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
  const { gossip, members, sibling } = await ground()
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
  const { gossip, keep, sibling, phone, tablet } = await ground()
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
  const { gossip, keep, phone, eve } = await ground()
  await keep(await eve.make(1))
  const hello = helloOf(BEN, await phone.make(1), [{ device: eve.device, number: 0 }])
  expect(await gossip.newerThan(phone.device, hello)).toEqual([])
})

test('SES-18 a card that has expired is not passed on', async () => {
  const { time, gossip, keep, phone, tablet } = await ground()
  await keep(await phone.make(5))
  time.leap(38 * DAY)
  const hello = helloOf(BEN, await tablet.make(1), [{ device: phone.device, number: 0 }])
  expect(await gossip.newerThan(tablet.device, hello)).toEqual([])
})

test('SES-19 A3 forged, expired, future, older, foreign and one-time cards are dropped, the others taken', async () => {
  const { time, context, gossip, keep, numbers, sibling, phone, tablet, eve } = await ground()
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
  await gossip.take([new Uint8Array(), new Uint8Array(40), ...bytes], BEN)
  expect(await numbers()).toEqual([4, 6, undefined, undefined])
  // A sibling may speak of every contact.
  await gossip.take(bytes, OWN)
  expect(await numbers()).toEqual([4, 6, undefined, 1])
})

test('SES-19 of two cards with one number the first stays, and the device hears of it', async () => {
  const { context, gossip, keep, cards, phone } = await ground()
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
  const { time, context, cards, gossip } = await ground()
  const { identityKey, card } = cards.ownIdentity()
  const make = async (number: number): Promise<Uint8Array> => {
    const made = await createDeviceCard({ signer: context.signer, identityKey, number }, context)
    return deviceCardCodec.encode(made.card)
  }
  const now = (): number => cards.ownIdentity().card.number
  await gossip.take([deviceCardCodec.encode({ ...card, number: 99 }), cards.own()], BEN)
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

test('SES-18 A1 a contact brings no more cards than two accounts have devices', () => {
  expect(maxCardsFrom(BEN, OWN)).toBe(16)
  expect(maxCardsFrom(OWN, OWN)).toBe(MAX_CARDS)
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
