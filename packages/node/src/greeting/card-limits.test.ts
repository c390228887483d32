import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createDeviceCard, createKeyPair, type DeviceId, deviceCardCodec } from '@kithmesh/protocol'
import { expect, onTestFinished, test } from 'vitest'
import { BEN, cardGround, helloOf, named, OWN } from '../../test/card-ground.ts'
import { openContext } from '../../test/context.ts'
import { accountOf, createDevices } from '../../test/devices.ts'
import { nodePlatform } from '../platform.node.ts'
import { HELLO } from '../protocols.ts'
import { maxCardsFrom } from './card-gossip.ts'
import { helloCodec, MAX_CARDS } from './hello-wire.ts'

const WAIT = { timeout: 15_000, interval: 20 } as const

test('SES-18 C1 who lists one device many times is sent its card once', async () => {
  const { gossip, keep, phone, tablet } = await cardGround()
  await keep(await phone.make(5))
  const asked = Array.from({ length: MAX_CARDS }, () => ({ device: phone.device, number: 0 }))
  for (const account of [BEN, OWN]) {
    const hello = helloOf(account, await tablet.make(1), asked)
    expect(named(await gossip.newerThan(tablet.device, hello))).toEqual([[phone.device, 5]])
  }
})

test('SES-18 C1 of what a contact lists 16 devices are looked at, of a sibling 256', async () => {
  const { gossip, keep, maker, members, sibling } = await cardGround()
  const makers = await Promise.all(Array.from({ length: 17 }, (_, at) => maker(100 + at)))
  members.set(
    BEN,
    makers.map(({ device }) => device),
  )
  const made = await Promise.all(makers.map(({ make }) => make(1)))
  for (const card of made) await keep(card)
  const asked = made.map(({ device }) => ({ device, number: 0 }))
  const sent = async (account: typeof OWN): Promise<number> => {
    const hello = helloOf(account, await sibling.make(1), asked)
    return (await gossip.newerThan(sibling.device, hello)).length
  }
  expect([await sent(BEN), await sent(OWN)]).toEqual([16, 17])
})

test('SES-19 C1 of one device one card is proved, whether it is taken or not', async () => {
  const { gossip, numbers, phone, tablet, proofs } = await cardGround()
  const [genuine, other] = [await phone.make(2), await tablet.make(3)]
  const forged = Array.from({ length: 13 }, (_, at) => ({ ...genuine, number: 9 + at }))
  const before = proofs()
  const shown = [...forged, genuine, other]
  await gossip.take(shown.map(deviceCardCodec.encode), BEN)
  expect(proofs() - before).toBe(2)
  expect(await numbers()).toEqual([undefined, undefined, 3, undefined])
})

test('SES-18 C1 a 17th card of a contact is not looked at, one of a sibling is', async () => {
  const { gossip, cards, maker, members, proofs } = await cardGround()
  const makers = await Promise.all(Array.from({ length: 17 }, (_, at) => maker(100 + at)))
  members.set(
    BEN,
    makers.map(({ device }) => device),
  )
  const made = await Promise.all(makers.map(({ make }) => make(1)))
  const shown = made.map(deviceCardCodec.encode)
  const kept = async (): Promise<readonly boolean[]> =>
    Promise.all(made.map(async ({ device }) => (await cards.kept(device)) !== undefined))
  const before = proofs()
  await gossip.take(shown, BEN)
  expect(proofs() - before).toBe(16)
  expect(await kept()).toEqual([...Array(16).fill(true), false])
  await gossip.take(shown, OWN)
  expect(await kept()).toEqual(Array(17).fill(true))
})

test('SES-18 C1 a hello of a contact with a 17th card is refused, one with 16 is not', async () => {
  const home = await mkdtemp(join(tmpdir(), 'kith-cards-'))
  onTestFinished(() => rm(home, { recursive: true, force: true }))
  const devices = createDevices()
  const [ada, ben] = [await devices.start('ada'), await devices.start('ben', { home })]
  await devices.acquaint(ada, ben)
  await ben.stop()
  const signer = await nodePlatform.openIdentity(home)
  const net = devices.impersonate(ben)
  const context = await openContext()
  onTestFinished(() => context.store.close())
  const identityKey = await createKeyPair(context)
  const junk = helloCodec.encode({ kind: 'card', card: new Uint8Array(1) })
  /** Greets with `number` and so many cards; says which of Ben's cards Ada has by her own hello. */
  const greet = async (number: number, count: number): Promise<number | undefined> => {
    const { card } = await createDeviceCard({ signer, identityKey, number }, context)
    const stream = await net.open(ada.device, HELLO)
    await stream.send(helloCodec.encode(helloOf(accountOf(ben), card)))
    for (let sent = 0; sent < count; sent++) await stream.send(junk)
    await stream.send(helloCodec.encode({ kind: 'done' }))
    await stream.close()
    let held: number | undefined
    try {
      for await (const bytes of stream.incoming) {
        const frame = helloCodec.decode(bytes)
        if (frame.kind === 'hello') held = frame.cards.find(isBens)?.number
      }
    } catch {
      // Whoever brings too many is cut off.
    }
    return held
  }
  const isBens = ({ device }: { readonly device: DeviceId }): boolean => device === ben.device
  expect(await greet(7, maxCardsFrom(BEN, OWN) + 1)).toBe(1)
  expect(await greet(5, 16)).toBe(1)
  await expect.poll(() => greet(2, 0), WAIT).toBe(5)
})
