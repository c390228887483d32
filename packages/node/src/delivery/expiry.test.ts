import { expect, test } from 'vitest'
import { createTime } from '../../../../test/scenarios/time.ts'
import { openMailDesk, PHONE } from '../../test/mail-desk.ts'

const WAIT = { timeout: 5_000, interval: 5 } as const
const DAY_MS = 24 * 60 * 60 * 1000

/** Days pass one by one, with time for what is due in each. */
async function days(desk: Awaited<ReturnType<typeof openMailDesk>>, count: number): Promise<void> {
  for (let day = 0; day < count; day++) {
    desk.time.leap(DAY_MS)
    for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate)
  }
}

test('DEL-30 what nobody took for 60 days ends, in index and outbox, and is told of', async () => {
  const desk = await openMailDesk()
  const { present, write, meet, part, queued, waiting, undelivered, outbox } = desk
  present(PHONE)
  const one = await write('one')
  meet(PHONE)
  await expect.poll(() => queued(PHONE), WAIT).toEqual(['one'])
  part(PHONE)
  await days(desk, 30)
  const two = await write('two')
  await days(desk, 29)
  expect(await waiting()).toEqual(['one', 'two'])
  const ended: string[] = []
  undelivered.events.addEventListener('undelivered:changed', ({ detail }) =>
    ended.push(detail.message),
  )
  await days(desk, 2)
  await expect.poll(waiting, WAIT).toEqual(['two'])
  expect([ended, outbox.size()]).toEqual([[one.message], 0])
  expect([await undelivered.hasEnded(one), await undelivered.hasEnded(two)]).toEqual([true, false])
  await days(desk, 30)
  await expect.poll(waiting, WAIT).toEqual([])
})

test('DEL-30 E4 a clock that leaps a year ahead for a while ends nothing; one that stays so does', async () => {
  let ahead = 0
  const time = createTime()
  const clock = { ...time.clock, now: () => time.clock.now() + ahead }
  const desk = await openMailDesk({ time: { ...time, clock } })
  desk.present(PHONE)
  await desk.write('one')
  // What is looked at every day finds the clock wrong, and some minutes later right again.
  ahead = 365 * DAY_MS
  await days(desk, 1)
  ahead = 0
  await days(desk, 3)
  expect(await desk.waiting()).toEqual(['one'])
  ahead = 365 * DAY_MS
  await days(desk, 2)
  await expect.poll(desk.waiting, WAIT).toEqual([])
})
