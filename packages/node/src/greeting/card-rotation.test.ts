import { CARD_ROTATION_MS, PREKEY_KEPT_MS } from '@kithmesh/protocol'
import { expect, onTestFinished, test } from 'vitest'
import { createTime } from '../../../../test/scenarios/time.ts'
import { openContext } from '../../test/context.ts'
import { openCards } from '../cards.ts'
import { startCardRotation } from './card-rotation.ts'

const WAIT = { timeout: 15_000, interval: 10 } as const
const HOUR = 60 * 60 * 1000

/** A device that runs, in time that leaps. */
async function running() {
  const time = createTime()
  const context = await openContext(time)
  onTestFinished(() => context.store.close())
  const cards = await openCards(context)
  const seen = { renewed: [] as number[], greetings: 0 }
  cards.events.addEventListener(
    'card:renewed',
    ({ detail }) => void seen.renewed.push(detail.number),
  )
  startCardRotation(context, { cards, peers: { announce: () => void seen.greetings++ } })
  onTestFinished(() => context.stop())
  const onDisk = async (): Promise<readonly number[]> => {
    const numbers: number[] = []
    for await (const [number] of context.tables.prekeys.entries()) numbers.push(number)
    return numbers
  }
  return { time, cards, seen, onDisk }
}

test('SES-3 SES-20 a device that runs makes its card anew when a week is over, and no sooner', async () => {
  const { time, cards, seen, onDisk } = await running()
  expect(cards.ownIdentity().card.number).toBe(1)
  time.leap(CARD_ROTATION_MS - 2 * HOUR)
  time.leap(HOUR)
  await cards.renew()
  expect(seen.renewed).toEqual([])
  time.leap(HOUR)
  time.leap(HOUR)
  await expect.poll(() => seen.renewed, WAIT).toEqual([2])
  // Given out and told of once it is on the disk, with the secrets it needs.
  expect(cards.ownIdentity().card.number).toBe(2)
  expect(cards.prekeys().map(({ number }) => number)).toEqual([2, 1])
  expect(await onDisk()).toEqual([1, 2])
})

test('SES-20 a machine that slept for long makes one card when it wakes', async () => {
  const { time, seen } = await running()
  time.leap(10 * CARD_ROTATION_MS)
  await expect.poll(() => seen.renewed, WAIT).toEqual([2])
  time.leap(HOUR)
  await new Promise(setImmediate)
  expect(seen.renewed).toEqual([2])
})

test('SES-3 SES-20 secrets are erased while it runs, 30 days after the newer card', async () => {
  const { time, cards, seen, onDisk } = await running()
  for (let week = 2; week <= 6; week++) {
    time.leap(CARD_ROTATION_MS)
    await expect.poll(() => seen.renewed.at(-1), WAIT).toBe(week)
  }
  // The second card is 28 days old.
  expect(await onDisk()).toEqual([1, 2, 3, 4, 5, 6])
  time.leap(PREKEY_KEPT_MS - 4 * CARD_ROTATION_MS)
  await expect.poll(onDisk, WAIT).toEqual([2, 3, 4, 5, 6])
  expect(cards.prekeys().map(({ number }) => number)).toEqual([6, 5, 4, 3, 2])
})

test('SES-20 whoever is connected is greeted once a day, so that cards go round', async () => {
  const { time, seen } = await running()
  for (let hour = 0; hour < 3 * 24 + 2; hour++) time.leap(HOUR)
  expect(seen.greetings).toBe(3)
})
