import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { LAPTOP, type MailDesk, openMailDesk, PHONE, SIBLING } from '../../test/mail-desk.ts'

const WAIT = { timeout: 5_000, interval: 5 } as const
/** Linked long after anything that is written here. */
const LATER = Number.MAX_SAFE_INTEGER

/** What a device gets when it is here from now on. */
async function gets(desk: MailDesk, device: typeof PHONE): Promise<readonly string[]> {
  desk.meet(device)
  for (let turn = 0; turn < 50; turn++) await new Promise(setImmediate)
  return desk.queued(device)
}

test('DEL-18 A7: a device that comes in gets what was written since it was linked, by whichever own device', async () => {
  const desk = await openMailDesk()
  const { present, write, hear, reach, waiting } = desk
  present(PHONE)
  const one = await write('one')
  await reach(PHONE, one, await hear('two', SIBLING))
  expect(await waiting()).toEqual([])
  present(PHONE, LAPTOP)
  await expect.poll(waiting, WAIT).toEqual(['one', 'two'])
  expect(await gets(desk, PHONE)).toEqual([])
  expect(await gets(desk, LAPTOP)).toEqual(['one', 'two'])
})

test('DEL-18 HIS-6: of older contents it gets what has reached nobody, and nothing else', async () => {
  const desk = await openMailDesk()
  const { present, write, reach } = desk
  present(PHONE, SIBLING)
  await reach(PHONE, await write('arrived on one of two'))
  await write('never arrived')
  present(PHONE, SIBLING, [LAPTOP, LATER])
  expect(await gets(desk, LAPTOP)).toEqual(['never arrived'])
})

test('DEL-18 E4: a device counts as linked when it came up here, though the clock of its account is ahead', async () => {
  const desk = await openMailDesk()
  const { time, present, write, reach } = desk
  present(PHONE, [LAPTOP, LATER])
  await expect.poll(() => desk.context.tables.firstSeen.get([desk.ben, LAPTOP]), WAIT).toBeDefined()
  time.leap(1_000)
  await reach(PHONE, await write('to both'))
  expect(await gets(desk, LAPTOP)).toEqual(['to both'])
})

test('DEL-18 DEL-13 E4: whom a clock that was set back makes a recipient gets what it is said to lack', async () => {
  const desk = await openMailDesk()
  const { time, present, write, reach, waiting } = desk
  present(PHONE)
  await reach(PHONE, await write('before'))
  time.leap(-60 * 60 * 1000)
  present(PHONE, [LAPTOP, LATER])
  await expect.poll(waiting, WAIT).toEqual(['before'])
  expect(await gets(desk, LAPTOP)).toEqual(['before'])
})

test('DEL-18: a device that was out and comes back gets what it lacks', async () => {
  const desk = await openMailDesk()
  const { present, write, reach, waiting } = desk
  present(PHONE, LAPTOP)
  const had = await write('had')
  for (const device of [PHONE, LAPTOP]) await reach(device, had)
  await reach(PHONE, await write('waited when it left'))
  present(PHONE)
  await expect.poll(waiting, WAIT).toEqual([])
  await reach(PHONE, await write('while it was out'))
  present(PHONE, LAPTOP)
  await expect.poll(waiting, WAIT).toEqual(['waited when it left', 'while it was out'])
  expect(await gets(desk, LAPTOP)).toEqual(['waited when it left', 'while it was out'])
})

test('DEL-32 DEL-13 what only a device lacked that is out waits no longer', async () => {
  const { present, write, reach, waiting } = await openMailDesk()
  present(PHONE, LAPTOP)
  await reach(PHONE, await write('one'))
  await write('two')
  expect(await waiting()).toEqual(['one', 'two'])
  present(PHONE)
  await expect.poll(waiting, WAIT).toEqual(['two'])
})

test('DEL-16 what was written before the device log was here goes out when it comes', async () => {
  const desk = await openMailDesk()
  await desk.write('one')
  await desk.write('two')
  desk.present(PHONE)
  expect(await gets(desk, PHONE)).toEqual(['one', 'two'])
})

test('DEL-18: what a stop prevented is done at the next start', async () => {
  const home = await mkdtemp(join(tmpdir(), 'kith-newcomers-'))
  onTestFinished(() => rm(home, { recursive: true, force: true }))
  const before = await openMailDesk({ home })
  before.present(PHONE)
  await before.reach(PHONE, await before.write('one'))
  before.context.stop()
  await before.context.store.close()
  const after = await openMailDesk({ home, devices: [PHONE, LAPTOP] })
  await expect.poll(after.waiting, WAIT).toEqual(['one'])
  after.meet(LAPTOP)
  await expect.poll(() => after.queued(LAPTOP), WAIT).toEqual(['one'])
  await after.context.store.close()
})

test('DEL-30 HIS-2 of a history that comes by the account log only what is young, and not with all, waits', async () => {
  const { time, present, hear, reach, waiting } = await openMailDesk()
  present(PHONE)
  const now = time.clock.now()
  await hear('too old', SIBLING, now - 61 * 24 * 60 * 60 * 1000)
  await hear('young', SIBLING, now - 59 * 24 * 60 * 60 * 1000)
  expect(await waiting()).toEqual(['young'])
  const known = await hear('known', SIBLING)
  await reach(PHONE, known)
  expect(await waiting()).toEqual(['young'])
})
