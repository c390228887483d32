/** Clocks that are an hour, a day or a year off, and go back (E4), on whole devices. */

import { expect, test } from 'vitest'
import { createTime } from '../../../../test/scenarios/time.ts'
import { accountOf, createDevices } from '../../test/devices.ts'
import type { KithNode } from '../api/node.ts'

const HOUR = 60 * 60 * 1000
const DAY = 24 * HOUR
const YEAR = 365 * DAY
const WAIT = { timeout: 10_000 } as const

interface Pair {
  readonly ada: KithNode
  readonly ben: KithNode
  /** Sets Ada's clock so far ahead of Ben's from now on. */
  skew(ms: number): void
  /** Ada or Ben says something; resolves when the other has it. */
  say(who: 'ada' | 'ben', text: string): Promise<void>
  texts(node: KithNode): Promise<readonly string[]>
  leap(ms: number): void
}

/** Two who know each other, with clocks that agree until the test says otherwise. */
async function pair(): Promise<Pair> {
  const devices = createDevices()
  let ahead = 0
  const time = createTime()
  const { scheduler } = time
  const clock = { ...time.clock, now: () => time.clock.now() + ahead }
  const ada = await devices.start('ada', { clock, scheduler })
  const ben = await devices.start('ben', time)
  await devices.acquaint(ada, ben)
  const other = (node: KithNode): KithNode => (node === ada ? ben : ada)
  const texts = async (node: KithNode): Promise<readonly string[]> =>
    (await node.messages.list(accountOf(other(node)))).map(({ text }) => text)
  return {
    ada,
    ben,
    skew: (ms) => {
      ahead = ms
    },
    say: async (who, text) => {
      const from = who === 'ada' ? ada : ben
      await from.messages.send(accountOf(other(from)), { text })
      await expect.poll(() => texts(other(from)), WAIT).toContain(text)
    },
    texts,
    leap: time.leap,
  }
}

test.each([
  ['an hour ahead', HOUR],
  ['most of a day ahead', 23 * HOUR],
  ['an hour behind', -HOUR],
  ['most of a day behind', -23 * HOUR],
])('E4 DEL-55 a clock %s: both see every answer behind its question', async (_, off) => {
  const { ada, ben, skew, say, texts } = await pair()
  await say('ben', 'before')
  skew(off)
  const said = ['before']
  for (const turn of [1, 2, 3]) {
    await say('ada', `question ${turn}`)
    await say('ben', `answer ${turn}`)
    said.push(`question ${turn}`, `answer ${turn}`)
  }
  expect(await texts(ada)).toEqual(said)
  expect(await texts(ben)).toEqual(said)
  expect(await ben.messages.gaps(accountOf(ada))).toEqual([])
})

test('E4 DEL-55 a clock that goes back a day, an hour, and most of a day: what is written then stands last', async () => {
  const { ada, ben, skew, say, texts } = await pair()
  const said: string[] = []
  for (const off of [20 * HOUR, -4 * HOUR, -5 * HOUR, -23 * HOUR]) {
    skew(off)
    await say('ada', `at ${off}`)
    await say('ben', `heard ${off}`)
    said.push(`at ${off}`, `heard ${off}`)
  }
  expect(await texts(ada)).toEqual(said)
  expect(await texts(ben)).toEqual(said)
})

test('E4 DEL-5 DEL-7 a clock a year ahead: what it dates is not taken, the hole shows, and nobody else is pushed', async () => {
  const { ada, ben, skew, say, texts } = await pair()
  skew(YEAR)
  await ada.messages.send(accountOf(ben), { text: 'from the future' })
  skew(0)
  await say('ada', 'mended')
  await say('ben', 'good')
  // Dated by the clock as it is now, whatever the device wrote before.
  const [mended, good] = await ben.messages.list(accountOf(ada))
  for (const one of [mended, good]) expect(Math.abs((one?.at ?? 0) - Date.now())).toBeLessThan(DAY)
  expect(await texts(ada)).toEqual(['from the future', 'mended', 'good'])
  expect(await texts(ben)).toEqual(['mended', 'good'])
  await expect
    .poll(() => ben.messages.gaps(accountOf(ada)), WAIT)
    .toMatchObject([{ first: 1, last: 1, state: 'missing', before: mended?.message }])
})

test('E4 DEL-7 a clock a year behind: what others write waits with them, and comes when the clock is mended', async () => {
  const { ada, ben, skew, say, texts, leap } = await pair()
  await say('ben', 'before')
  skew(-YEAR)
  await say('ada', 'question')
  await ben.messages.send(accountOf(ada), { text: 'answer' })
  // What is refused is offered again after an hour (DEL-21).
  for (let minute = 0; minute < 5; minute++) leap(HOUR)
  expect(await texts(ada)).toEqual(['before', 'question'])
  skew(0)
  await expect
    .poll(() => {
      leap(HOUR)
      return texts(ada)
    }, WAIT)
    .toEqual(['before', 'question', 'answer'])
  expect(await texts(ben)).toEqual(['before', 'question', 'answer'])
})

test('E4 DEL-42 DEL-65 a first message by a clock a year behind says that there is no card, and goes when the clock is mended', async () => {
  const { ada, ben, skew, texts, leap } = await pair()
  skew(-YEAR)
  const { message } = await ada.messages.send(accountOf(ben), { text: 'first' })
  const waitingFor = async (): Promise<unknown> =>
    (await ada.messages.get(message))?.delivery?.waiting
  // Whatever card Ben's device gives: by this clock it was made in the future (SES-2).
  await expect
    .poll(() => {
      leap(1_000)
      return waitingFor()
    }, WAIT)
    .toMatchObject({ reason: 'no-card', text: expect.stringContaining('clock') })
  for (let second = 0; second < 20; second++) leap(1_000)
  expect(await texts(ben)).toEqual([])
  skew(0)
  // Dated a year ago, it would be over at once (DEL-30); but a clock that was just set ends nothing.
  await expect
    .poll(() => {
      leap(10_000)
      return texts(ben)
    }, WAIT)
    .toEqual(['first'])
  await expect.poll(waitingFor, WAIT).toBeUndefined()
})
