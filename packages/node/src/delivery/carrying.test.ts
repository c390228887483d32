import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { createTime } from '../../../../test/scenarios/time.ts'
import { ADA, LAPTOP, openMailDesk, PHONE, SIBLING } from '../../test/mail-desk.ts'

const WAIT = { timeout: 5_000, interval: 5 } as const

function numbered(from: number, to: number): readonly string[] {
  return Array.from({ length: to - from + 1 }, (_, at) => `no ${from + at}`)
}

/** Lets what was begun come to its end. */
async function quiet(): Promise<void> {
  for (let turn = 0; turn < 50; turn++) await new Promise(setImmediate)
}

test('DEL-24 nothing is queued for a device that is away; it waits once, however many devices lack it', async () => {
  const { present, write, queued, waiting, outbox } = await openMailDesk()
  present(PHONE, LAPTOP)
  await write('one')
  await write('two')
  await quiet()
  expect([await queued(PHONE), await queued(LAPTOP)]).toEqual([[], []])
  expect(outbox.size()).toBe(0)
  expect(await waiting()).toEqual(['one', 'two'])
})

test('DEL-26 DEL-15 what waits is queued in its order when a device comes, whichever own device wrote it', async () => {
  const { present, write, hear, meet, queued } = await openMailDesk()
  present(PHONE, LAPTOP)
  await write('one')
  await hear('two', SIBLING)
  await write('three')
  meet(PHONE)
  await expect.poll(() => queued(PHONE), WAIT).toEqual(['one', 'two', 'three'])
  expect(await queued(LAPTOP)).toEqual([])
})

test('DEL-25 for a device that has all before it is queued in the batch in which it is written', async () => {
  const { present, write, meet, queued } = await openMailDesk()
  present(PHONE)
  await write('before')
  meet(PHONE)
  await expect.poll(() => queued(PHONE), WAIT).toEqual(['before'])
  await quiet()
  await write('at once')
  // No turn is given for anybody to carry it.
  expect(await queued(PHONE)).toEqual(['before', 'at once'])
})

test('DEL-26 what a device has is not queued for it; what all have waits no longer', async () => {
  const { present, write, reach, meet, queued, waiting } = await openMailDesk()
  present(PHONE, LAPTOP)
  const [one, two] = [await write('one'), await write('two')]
  await reach(PHONE, one, two)
  await reach(LAPTOP, two)
  expect(await waiting()).toEqual(['one'])
  await write('three')
  meet(PHONE)
  await expect.poll(() => queued(PHONE), WAIT).toEqual(['three'])
})

test('DEL-28 the word of a sibling that a device has it takes it out of its queue, and out of no other', async () => {
  const { present, hear, meet, reach, queued, waiting } = await openMailDesk()
  present(PHONE, LAPTOP)
  const one = await hear('one', SIBLING)
  for (const device of [PHONE, LAPTOP]) meet(device)
  for (const device of [PHONE, LAPTOP])
    await expect.poll(() => queued(device), WAIT).toEqual(['one'])
  await reach(PHONE, one)
  expect([await queued(PHONE), await queued(LAPTOP)]).toEqual([[], ['one']])
  await reach(LAPTOP, one)
  expect([await queued(LAPTOP), await waiting()]).toEqual([[], []])
})

test('DEL-28 when the last two devices are reached at once it waits no longer', async () => {
  const { present, write, reach, undelivered } = await openMailDesk()
  present(PHONE, LAPTOP)
  const one = await write('one')
  await Promise.all([reach(PHONE, one), reach(LAPTOP, one)])
  expect(undelivered.isWaiting(one.message)).toBe(false)
})

test('DEL-27 while a sibling is here that may hand it over, this device waits; what it wrote itself goes at once', async () => {
  const { time, present, write, hear, meet, reach, queued } = await openMailDesk()
  present(PHONE)
  const one = await hear('one', SIBLING)
  await hear('two', SIBLING)
  await write('own')
  meet(SIBLING, ADA)
  meet(PHONE)
  await expect.poll(() => queued(PHONE), WAIT).toEqual(['own'])
  time.leap(1_900)
  await quiet()
  expect(await queued(PHONE)).toEqual(['own'])
  // The sibling was quicker with one of them.
  await reach(PHONE, one)
  time.leap(1_200)
  await expect.poll(() => queued(PHONE), WAIT).toEqual(['own', 'two'])
})

test('DEL-27 when the last sibling leaves nobody is waited for', async () => {
  const { present, hear, meet, part, queued } = await openMailDesk()
  present(PHONE)
  await hear('one', SIBLING)
  meet(SIBLING, ADA)
  meet(PHONE)
  await quiet()
  expect(await queued(PHONE)).toEqual([])
  part(SIBLING, ADA)
  await expect.poll(() => queued(PHONE), WAIT).toEqual(['one'])
})

test('DEL-27 DEL-15 older contents that come behind newer ones leave before them; a steady stream is not waited out', async () => {
  const { time, present, hear, meet, queued } = await openMailDesk()
  present(PHONE)
  meet(SIBLING, ADA)
  meet(PHONE)
  const now = time.clock.now()
  await hear('newer', SIBLING, now - 1_000)
  time.leap(1_500)
  await hear('older', SIBLING, now - 2_000)
  time.leap(1_500)
  await quiet()
  expect(await queued(PHONE)).toEqual([])
  for (let second = 0; second < 13; second++) {
    await hear(`late ${second}`, SIBLING)
    time.leap(1_000)
  }
  await expect
    .poll(async () => (await queued(PHONE)).slice(0, 3), WAIT)
    .toEqual(['older', 'newer', 'late 0'])
})

test('DEL-29 D6 the queue of a device holds 512; the rest comes when it has taken some, in order', async () => {
  const { present, write, reach, meet, queued, outbox } = await openMailDesk()
  present(PHONE, LAPTOP)
  const written = []
  for (const text of numbered(1, 700)) written.push(await write(text))
  meet(PHONE)
  await expect.poll(() => outbox.countFor(PHONE), WAIT).toBe(512)
  await write('no 701')
  expect(outbox.countFor(PHONE)).toBe(512)
  await reach(PHONE, ...written.slice(0, 300))
  await expect.poll(() => queued(PHONE), WAIT).toEqual(numbered(301, 701))
})

test('DEL-17 nothing is queued for an account that is held; when it is accepted what waits is', async () => {
  const { present, write, meet, hold, queued } = await openMailDesk()
  present(PHONE)
  hold(true)
  await write('one')
  meet(PHONE)
  await quiet()
  expect(await queued(PHONE)).toEqual([])
  hold(false)
  await expect.poll(() => queued(PHONE), WAIT).toEqual(['one'])
})

test('DEL-22 for a device that is out nothing is queued', async () => {
  const { present, write, meet, queued } = await openMailDesk()
  present(PHONE, LAPTOP)
  await write('one')
  present(LAPTOP)
  meet(PHONE)
  meet(LAPTOP)
  await expect.poll(() => queued(LAPTOP), WAIT).toEqual(['one'])
  expect(await queued(PHONE)).toEqual([])
})

test('DEL-24 DEL-15 over a restart everything waits as before, and is queued once', async () => {
  const home = await mkdtemp(join(tmpdir(), 'kith-carrying-'))
  onTestFinished(() => rm(home, { recursive: true, force: true }))
  const before = await openMailDesk({ home })
  before.present(PHONE, LAPTOP)
  const one = await before.write('one')
  await before.write('two')
  await before.reach(PHONE, one)
  before.meet(LAPTOP)
  await expect.poll(() => before.queued(LAPTOP), WAIT).toEqual(['one', 'two'])
  before.context.stop()
  await before.context.store.close()

  const after = await openMailDesk({ home })
  after.present(PHONE, LAPTOP)
  await after.write('three')
  for (const device of [PHONE, LAPTOP]) after.meet(device)
  await expect.poll(() => after.queued(PHONE), WAIT).toEqual(['two', 'three'])
  await expect.poll(() => after.queued(LAPTOP), WAIT).toEqual(['one', 'two', 'three'])
  expect(await after.waiting()).toEqual(['one', 'two', 'three'])
  await after.context.store.close()
})

test('DEL-15 DEL-29 E4 what was written behind a clock that went back is queued last, and all of it', async () => {
  let ahead = 20 * 60 * 60 * 1000
  const time = createTime()
  const clock = { ...time.clock, now: () => time.clock.now() + ahead }
  const desk = await openMailDesk({ time: { ...time, clock } })
  const { present, write, meet, queued, reach } = desk
  present(PHONE, LAPTOP)
  const written = []
  for (const text of numbered(1, 514)) written.push(await write(text))
  ahead = 0
  for (const text of numbered(515, 520)) written.push(await write(text))
  meet(PHONE)
  await expect.poll(() => queued(PHONE), WAIT).toEqual(numbered(1, 512))
  await reach(PHONE, ...written.slice(0, 500))
  await expect.poll(() => queued(PHONE), WAIT).toEqual(numbered(501, 520))
})
