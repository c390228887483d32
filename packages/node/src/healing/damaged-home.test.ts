import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { openContext } from '../../test/context.ts'
import { ADA } from '../../test/mail-desk.ts'
import { loseEntries } from '../../test/rotting.ts'
import { accountOp } from '../account/account.ts'
import type { DeviceContext } from '../context.ts'
import { nodePlatform } from '../platform.node.ts'
import { mendHome, readWrittenUpTo } from './damaged-home.ts'

async function emptyHome(): Promise<string> {
  const home = await mkdtemp(join(tmpdir(), 'kith-mended-'))
  onTestFinished(() => rm(home, { recursive: true, force: true }))
  return home
}

test('STO-51 damage that is noticed by a clock that was set back is mended, too', async () => {
  const home = await emptyHome()
  /** Opens the home at a time of its clock, mends it, and writes some more. */
  const live = async (now: number, then: (context: DeviceContext) => Promise<void>) => {
    const context = await openContext({ home, clock: { ...nodePlatform.clock, now: () => now } })
    const { store, tables } = context
    await store.audited
    await mendHome(context)
    await store.commit([accountOp(context, ADA)])
    for (let at = 0; at < 9; at += 1)
      await store.commit([tables.settings.put('device', { name: 'laptop', relays: [] })])
    await then(context)
    await store.close()
  }
  const upTo: number[] = []
  const note = async (context: DeviceContext) => void upTo.push(await readWrittenUpTo(context))

  await live(2_000, note)
  await loseEntries(home, ['settings'])
  // Lost, found, and healed.
  await live(2_001, async (context) => {
    expect(context.store.damage).toHaveLength(1)
    await note(context)
    await context.store.forgetDamage()
  })
  await loseEntries(home, ['settings'])
  await live(1_000, note)
  const [before = 0, once = 0, twice = 0] = upTo
  expect(before).toBe(0)
  expect(once).toBeGreaterThan(60_000)
  expect(twice).toBeGreaterThan(once)
})
