import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { createTestClock } from '../testing/clock.ts'
import { openMonth } from './month.ts'

const homes: string[] = []
afterEach(async () => {
  for (const home of homes.splice(0)) await rm(home, { recursive: true, force: true })
})

async function month(
  maxMonthly: number,
  {
    home,
    clock = createTestClock(),
  }: { home?: string; clock?: ReturnType<typeof createTestClock> } = {},
) {
  const folder = home ?? (await mkdtemp(join(tmpdir(), 'kith-month-')))
  homes.push(folder)
  const counters = { bytes: 0 }
  const spent: number[] = []
  const onSpent = (): void => void spent.push(counters.bytes)
  const made = await openMonth({ home: folder, limits: { maxMonthly }, counters, clock, onSpent })
  return { home: folder, clock, counters, spent, month: made }
}

test('RLY-78 what passes is counted, and told once when it is too much', async () => {
  const { counters, spent, month: one } = await month(1_000)
  counters.bytes = 999
  await one.tick()
  expect([one.isSpent(), spent]).toEqual([false, []])
  counters.bytes = 1_000
  await one.tick()
  await one.tick()
  expect([one.isSpent(), spent]).toEqual([true, [1_000]])
})

test('RLY-78 over a restart it goes on, and the next month begins at none', async () => {
  const first = await month(1_000)
  first.counters.bytes = 700
  await first.month.close()
  const second = await month(1_000, first)
  second.counters.bytes = 400
  await second.month.tick()
  expect(second.month.isSpent()).toBe(true)
  second.clock.advance(31 * 24 * 3_600_000)
  second.counters.bytes = 410
  await second.month.tick()
  expect([second.month.isSpent(), second.month.bytes()]).toEqual([false, 10])
})

test('RLY-15 RLY-78 without a limit nothing is written', async () => {
  const { home, counters, month: one } = await month(0)
  counters.bytes = 10 ** 12
  await one.tick()
  await one.close()
  expect(one.isSpent()).toBe(false)
  expect(await readdir(home)).toEqual([])
})
