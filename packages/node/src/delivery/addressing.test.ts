import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { DeviceId } from '@kithmesh/protocol'
import { expect, onTestFinished, test } from 'vitest'
import { LAPTOP, type MailDesk, openMailDesk, PHONE, SIBLING } from '../../test/mail-desk.ts'
import { commitStaged } from '../staged.ts'
import { openAddressBook } from './addressed.ts'

const WAIT = { timeout: 5_000, interval: 5 } as const
const HOUR = 60 * 60 * 1000
const DAY = 24 * HOUR
const YEAR = 365 * DAY

/** Ben's two devices are linked now, by every clock. */
async function linkedNow(options: Parameters<typeof openMailDesk>[0] = {}): Promise<MailDesk> {
  const desk = await openMailDesk(options)
  desk.present(...linkedAt(desk.time.clock.now()))
  await expect.poll(() => desk.context.tables.firstSeen.get([desk.ben, LAPTOP]), WAIT).toBeDefined()
  return desk
}

function linkedAt(now: number): readonly (readonly [DeviceId, number])[] {
  return [PHONE, LAPTOP].map((device) => [device, now])
}

async function gets({ meet, queued }: MailDesk, device: DeviceId): Promise<readonly string[]> {
  meet(device)
  await expect.poll(() => queued(device), WAIT).not.toEqual([])
  return queued(device)
}

test.each([
  ['an hour', HOUR],
  ['a year', YEAR],
])(
  'DEL-67 DEL-1 E4 a clock that goes back %s: what is written then is for whoever is in',
  async (_, back) => {
    const desk = await linkedNow()
    const { time, write, reach, waiting } = desk
    await reach(PHONE, await write('before'))
    time.leap(-back)
    await reach(PHONE, await write('after'), await write('and then'))
    expect(await waiting()).toEqual(['before', 'after', 'and then'])
    expect(await gets(desk, LAPTOP)).toEqual(['before', 'after', 'and then'])
  },
)

test('DEL-67 one note says it of all that follows, and where clocks go forward there is none', async () => {
  const desk = await linkedNow()
  const { time, write, notes, context, ben } = desk
  for (const text of ['one', 'two']) await write(text)
  expect(notes).toEqual([])
  // Further than a date follows what was seen before (DEL-5).
  time.leap(-2 * HOUR)
  for (const text of ['three', 'four']) await write(text)
  const from = { account: ben, author: context.device, from: 3 }
  expect(notes).toEqual([
    { ...from, device: PHONE },
    { ...from, device: LAPTOP },
  ])
})

test('DEL-67 DEL-26 E4 a sibling hands it over, too, whether it hears of the content or of the note first', async () => {
  for (const order of ['note first', 'content first']) {
    const desk = await linkedNow()
    const { time, hear, hearNotes, reach, waiting, ben } = desk
    const note = { account: ben, device: LAPTOP, author: SIBLING, from: 1 }
    if (order === 'note first') await hearNotes(note)
    await reach(PHONE, await hear('misdated', SIBLING, time.clock.now() - DAY))
    if (order === 'content first') {
      // Nothing but its date is known: by that it is history to the laptop.
      expect(await waiting()).toEqual([])
      await hearNotes(note)
    }
    expect(await waiting()).toEqual(['misdated'])
    expect(await gets(desk, LAPTOP)).toEqual(['misdated'])
  }
})

test('DEL-67 HIS-6 a note says nothing of other authors, other devices and lower numbers', async () => {
  const { time, hear, hearNotes, reach, waiting, ben } = await linkedNow()
  const yesterday = time.clock.now() - DAY
  await hearNotes(
    { account: ben, device: LAPTOP, author: SIBLING, from: 2 },
    { account: ben, device: SIBLING, author: SIBLING, from: 1 },
    { account: ben, device: LAPTOP, author: PHONE, from: 1 },
  )
  await reach(PHONE, await hear('history', SIBLING, yesterday))
  expect(await waiting()).toEqual([])
})

test('DEL-67 it outlives a restart, and ends when the device goes out', async () => {
  const home = await mkdtemp(join(tmpdir(), 'kith-addressing-'))
  onTestFinished(() => rm(home, { recursive: true, force: true }))
  const before = await linkedNow({ home })
  const devices = linkedAt(before.time.clock.now())
  before.time.leap(-DAY)
  await before.reach(PHONE, await before.write('one'))
  before.context.stop()
  await before.context.store.close()

  const { time } = before
  time.leap(DAY)
  const after = await openMailDesk({ home, time, devices })
  expect(await gets(after, LAPTOP)).toEqual(['one'])
  const notes = async (): Promise<number> => {
    let count = 0
    for await (const _ of after.context.tables.addressed.keys()) count += 1
    return count
  }
  expect(await notes()).toBe(2)
  after.present(PHONE)
  await expect.poll(notes, WAIT).toBe(1)
  await after.context.store.close()
})

test('DEL-67 what is not written does not count, and a hostile sibling fills nothing', async () => {
  const { context, ben } = await openMailDesk()
  const book = await openAddressBook(context)
  const at = { author: SIBLING, seq: 7 }
  const note = { account: ben, device: LAPTOP, author: SIBLING, from: 7 }
  const staged = book.stage([note])
  expect(book.has(LAPTOP, at)).toBe(true)
  staged.discard?.()
  staged.discard?.()
  expect(book.has(LAPTOP, at)).toBe(false)
  const lower = book.stage([{ ...note, from: 9 }, note, { ...note, from: 8 }])
  expect([book.has(LAPTOP, at), book.has(LAPTOP, { ...at, seq: 6 })]).toEqual([true, false])
  await commitStaged(context.store, [lower])
  expect((await openAddressBook(context)).has(LAPTOP, at)).toBe(true)
  const many = Array.from({ length: 5_000 }, (_, from) => ({
    ...note,
    author: `${SIBLING}${from}` as DeviceId,
  }))
  expect(book.stage(many).ops()).toHaveLength(4_095)
})
