import {
  type DeviceId,
  deviceCardCodec,
  deviceIdFromPublicKey,
  isOneTimeCard,
  ONE_TIME_CARD_LIFE_MS,
} from '@kithmesh/protocol'
import { expect, onTestFinished, test } from 'vitest'
import { createTime } from '../../../../test/scenarios/time.ts'
import { openContext } from '../../test/context.ts'
import { deviceNamed } from '../../test/people.ts'
import { openCards } from '../cards.ts'
import { createOneTimeCards } from './one-time-cards.ts'

const MINUTE = 60 * 1000
const [EVE, BEN] = [deviceNamed('e'), deviceNamed('b')]

async function ground() {
  const time = createTime()
  const context = await openContext(time)
  onTestFinished(() => context.store.close())
  const cards = await openCards(context)
  const oneTime = createOneTimeCards(context, cards)
  const numberGiven = async (device: DeviceId): Promise<number | undefined> => {
    const bytes = await oneTime.give(device)
    return bytes && deviceCardCodec.decode(bytes).number
  }
  const onDisk = async (): Promise<number> => {
    let entries = 0
    for await (const _ of context.tables.prekeys.entries()) entries++
    return entries
  }
  return { time, context, cards, oneTime, numberGiven, onDisk }
}

test('SES-24 each device is given a card of its own, whose secrets serve it alone and are not on the disk', async () => {
  const { context, cards, oneTime, numberGiven, onDisk } = await ground()
  const [forEve, forBen] = [await numberGiven(EVE), await numberGiven(BEN)]
  expect(forEve).not.toBe(forBen)
  expect(isOneTimeCard({ number: forEve ?? 0 })).toBe(true)
  expect(oneTime.secretsFor(EVE).map(({ number }) => number)).toEqual([forEve])
  expect(oneTime.secretsFor(BEN).map(({ number }) => number)).toEqual([forBen])
  expect(await onDisk()).toBe(1)
  expect(cards.prekeys()).toHaveLength(1)
  expect(cards.ownIdentity().card.device).toBe(context.device)
})

test('SES-24 its secrets go with its first use, or after ten minutes, or when the device stops', async () => {
  const { time, context, oneTime, numberGiven } = await ground()
  await numberGiven(EVE)
  oneTime.erase(EVE)
  expect(oneTime.secretsFor(EVE)).toEqual([])
  await numberGiven(EVE)
  time.leap(ONE_TIME_CARD_LIFE_MS - 1000)
  expect(oneTime.secretsFor(EVE)).toHaveLength(1)
  time.leap(1000)
  expect(oneTime.secretsFor(EVE)).toEqual([])
  await numberGiven(BEN)
  context.stop()
  expect(oneTime.secretsFor(BEN)).toEqual([])
})

test('SES-24 B4 who asks 10,000 times gets one card, and four in a row when it uses them', async () => {
  const { time, oneTime, numberGiven } = await ground()
  const given = new Set<number | undefined>()
  for (let asked = 0; asked < 10_000; asked++) given.add(await numberGiven(EVE))
  expect(given.size).toBe(1)
  const used = new Set<number | undefined>()
  for (let asked = 0; asked < 10_000; asked++) {
    used.add(await numberGiven(EVE))
    oneTime.erase(EVE)
  }
  expect([...used].filter((number) => number !== undefined)).toHaveLength(4)
  expect(await numberGiven(BEN)).toBeDefined()
  time.leap(15 * MINUTE)
  expect(await numberGiven(EVE)).toBeDefined()
  oneTime.erase(EVE)
  expect(await numberGiven(EVE)).toBeUndefined()
})

test('SES-24 B4 10,000 devices that ask leave at most 256 cards in memory', async () => {
  const { oneTime, numberGiven } = await ground()
  const many = Array.from({ length: 10_000 }, (_, at) =>
    deviceIdFromPublicKey(
      Uint8Array.from({ length: 32 }, (__, byte) => (byte < 2 ? at >> (8 * byte) : 9)),
    ),
  )
  let given = 0
  for (const device of many) if ((await numberGiven(device)) !== undefined) given++
  expect(given).toBe(256)
  expect(many.filter((device) => oneTime.secretsFor(device).length > 0)).toHaveLength(256)
})

test('SES-24 a card that is nearly over is not given again', async () => {
  const { time, numberGiven } = await ground()
  const first = await numberGiven(EVE)
  time.leap(ONE_TIME_CARD_LIFE_MS - 2 * MINUTE)
  expect(await numberGiven(EVE)).toBe(first)
  time.leap(MINUTE)
  expect(await numberGiven(EVE)).toBeUndefined()
  time.leap(MINUTE)
  const next = await numberGiven(EVE)
  expect(next).toBeDefined()
  expect(next).not.toBe(first)
})
