import {
  createDeviceCard,
  createKeyPair,
  createOneTimeCard,
  type DeviceCard,
  deviceCardCodec,
  deviceIdFromPublicKey,
  signerFromSeed,
} from '@kithmesh/protocol'
import { expect, test } from 'vitest'
import { openCountedCards } from '../test/card-ground.ts'
import { commitStaged } from './staged.ts'

const DAY = 24 * 60 * 60 * 1000
const signer = signerFromSeed(new Uint8Array(32).fill(7))
const device = deviceIdFromPublicKey(signer.publicKey)

/** Cards on a disk, another device that makes some, and how many signatures were proved so far. */
async function ground() {
  const { time, context, cards, proofs } = await openCountedCards()
  const identityKey = await createKeyPair(context)
  const make = async (number: number, by = signer): Promise<DeviceCard> =>
    (await createDeviceCard({ signer: by, identityKey, number }, context)).card
  const stage = (card: DeviceCard, of = device) => cards.stage(of, deviceCardCodec.encode(card))
  const take = async (card: DeviceCard, of = device): Promise<boolean> => {
    const staged = await stage(card, of)
    await commitStaged(context.store, staged ? [staged] : [])
    return staged !== undefined
  }
  const number = async (): Promise<number | undefined> => (await cards.get(device))?.number
  return { time, context, cards, make, stage, take, number, proofs }
}

test('DEV-6 a card is taken when it is genuine, of its device, and newer than the one here', async () => {
  const { context, make, take, number } = await ground()
  const [first, second] = [await make(1), await make(2)]
  expect(await take({ ...first, number: 9 })).toBe(false)
  expect(await take(first, context.device)).toBe(false)
  expect(await take(first)).toBe(true)
  expect(await take(second)).toBe(true)
  expect(await take(first)).toBe(false)
  expect(await number()).toBe(2)
})

test('SES-19 B2 a card that has expired keeps out none that stands: of a device put back to a copy neither', async () => {
  const { time, make, take, number } = await ground()
  const nine = await make(9)
  expect(await take(nine)).toBe(true)
  time.leap(38 * DAY)
  expect(await number()).toBeUndefined()
  const six = await make(6)
  expect(await take({ ...six, number: 8 })).toBe(false)
  expect(await take(six)).toBe(true)
  expect(await number()).toBe(6)
  // From here on its numbers count again, and what has expired does not come back.
  expect(await take(nine)).toBe(false)
  expect(await take(await make(5))).toBe(false)
  expect(await take(await make(7))).toBe(true)
  expect(await number()).toBe(7)
})

test('SES-19 A3 while the newer card stands, an older one that stands, too, is not taken', async () => {
  const { time, make, take, number } = await ground()
  const older = await make(4)
  time.leap(7 * DAY)
  expect(await take(await make(5))).toBe(true)
  time.leap(29 * DAY)
  expect(await take(older)).toBe(false)
  expect(await number()).toBe(5)
})

test('SES-19 a card from the future, as after a clock was set right, keeps out none that stands', async () => {
  const { time, make, take, number } = await ground()
  time.leap(300 * DAY)
  expect(await take(await make(9))).toBe(true)
  time.leap(-300 * DAY)
  expect(await take(await make(6))).toBe(true)
  expect(await number()).toBe(6)
})

test('SES-19 of two cards that are taken at once the one that stands behind is the newer one', async () => {
  const { time, context, make, stage, number } = await ground()
  const both = async (...made: readonly DeviceCard[]): Promise<void> => {
    const staged = await Promise.all(made.map((card) => stage(card)))
    for (const one of staged) await commitStaged(context.store, one ? [one] : [])
  }
  await both(await make(9), await make(8))
  expect(await number()).toBe(9)
  time.leap(38 * DAY)
  await both(await make(3), await make(4))
  expect(await number()).toBe(4)
})

test('SES-19 C1 no signature is proved of a card that would not be taken in any case', async () => {
  const { time, make, take, proofs } = await ground()
  const expired = await make(9)
  time.leap(38 * DAY)
  await take(await make(5))
  const before = proofs()
  for (const card of [await make(4), await make(5), expired]) expect(await take(card)).toBe(false)
  expect(proofs()).toBe(before)
  expect(await take({ ...(await make(5)), number: 6 })).toBe(false)
  expect(proofs()).toBe(before + 1)
})

test('SES-22 C1 a card of its own that changes nothing costs a device no signature', async () => {
  const { time, context, cards, make, proofs } = await ground()
  const show = (card: DeviceCard) => cards.overtake(deviceCardCodec.encode(card))
  const now = (): number => cards.ownIdentity().card.number
  await show(await make(7, context.signer))
  expect([now(), proofs()]).toEqual([8, 1])
  const { identityKey } = cards.ownIdentity()
  const oneTime = await createOneTimeCard({ signer: context.signer, identityKey }, context)
  const foreign = await make(20)
  const older = await make(7, context.signer)
  const again = await make(12, context.signer)
  const own = cards.ownIdentity().card
  // The last one is within the hour.
  for (const card of [oneTime.card, foreign, older, own, again]) await show(card)
  expect([now(), proofs()]).toEqual([8, 1])
  time.leap(60 * 60 * 1000)
  await show({ ...again, number: 13 })
  expect([now(), proofs()]).toEqual([8, 2])
  // One that was refused does not use up the hour.
  await show(again)
  expect([now(), proofs()]).toEqual([13, 3])
})

test('SES-22 a device overtakes a card of its own that stands by the clock of another only', async () => {
  const { time, context, cards, make } = await ground()
  const shown = await make(7, context.signer)
  time.leap(38 * DAY)
  await cards.overtake(deviceCardCodec.encode(shown))
  expect(cards.ownIdentity().card.number).toBe(8)
})
