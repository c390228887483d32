import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { randomOf } from '../../../../test/sim/ground/random.ts'
import {
  type Cast,
  cast,
  damageOf,
  expectHealed,
  live,
  startAndHeal,
  WAIT,
} from '../../test/damaged-device.ts'
import { flipBit, loseEntries, rotEntries } from '../../test/rotting.ts'

/** How often a bit of a device's disk flips; 100 in a full run. */
const FLIPS = Number(process.env['KITH_FLIPS'] ?? 6)
/** Where they are; `KITH_FLIP_SEED` has them there again, as far as the files are the same. */
const FLIP_SEED = Number(process.env['KITH_FLIP_SEED'] ?? Math.floor(Math.random() * 2 ** 30))

/** Losses by what a person would call them, each of one or several tables. */
const LOSSES: Readonly<
  Record<string, { readonly tables: readonly string[]; readonly rules?: string }>
> = {
  contents: { tables: ['contents'] },
  'content places': { tables: ['content places'] },
  'account log records': { tables: ['records'], rules: 'STO-49 STO-51' },
  'covered ranges': { tables: ['covered'], rules: 'STO-51' },
  sessions: { tables: ['sessions'], rules: 'STO-52' },
  outbox: { tables: ['outbox', 'undelivered'] },
  'what was reached': { tables: ['reached', 'addressed', 'unaddressed'] },
  'states of chats': { tables: ['chats', 'numbers', 'awaited'] },
  cards: { tables: ['cards', 'prekeys', 'addresses', 'last seen'], rules: 'STO-52' },
  'single values of the device': { tables: ['device'], rules: 'STO-50' },
  'contents and the epochs they came under': {
    tables: ['device', 'contents'],
    rules: 'STO-49 STO-50',
  },
  settings: { tables: ['settings'] },
  'device logs': { tables: ['log entries'], rules: 'STO-50' },
  'the whole replica': {
    tables: ['records', 'covered', 'contents', 'content places', 'chats', 'numbers', 'awaited'],
    rules: 'STO-49 STO-51',
  },
}

describe('E2 a device whose store lost entries', () => {
  for (const [what, { tables, rules = 'STO-49' }] of Object.entries(LOSSES)) {
    test(`${rules} E2 lost ${what}: it starts, tells so, and heals from a sibling`, async () => {
      const who = await cast()
      await live(who)
      const forked: unknown[] = []
      who.phone.addEventListener('device:forked', ({ detail }) => void forked.push(detail))
      await who.stopLaptop()
      const lost = await loseEntries(who.home, tables)
      await who.startLaptop()
      if (lost > 0) await expect.poll(() => who.told, WAIT).toContain('table')
      await expectHealed(who)
      expect(forked).toEqual([])
    })
  }
})

describe('E2 what was lost is not forgotten too early', () => {
  test('STO-53 E2 a loss is told at every start until a sibling came, and then once that it is healed', async () => {
    const who = await cast()
    await live(who)
    await who.stopLaptop()
    await loseEntries(who.home, ['records', 'contents'])
    await who.phone.stop()
    for (let start = 0; start < 2; start++) {
      await who.startLaptop()
      await expect.poll(() => damageOf(who.laptop()).catch(String), WAIT).toContain('records')
      await who.stopLaptop()
    }
  })

  test('STO-53 E2 healed is told, by an event and by a status that names no damage', async () => {
    const who = await cast()
    await live(who)
    await who.stopLaptop()
    await loseEntries(who.home, ['contents'])
    who.leaveLaptopAlone()
    const healed = Promise.withResolvers<void>()
    const again = await who.startLaptop()
    again.addEventListener('store:healed', () => healed.resolve())
    await expect.poll(() => damageOf(again).catch(String), WAIT).toContain('contents')
    who.devices.hub.heal()
    await healed.promise
    expect(await damageOf(again)).toEqual([])
  })

  test('STO-50 E2 a damaged home that cannot tell its account makes no new one', async () => {
    const who = await cast()
    await who.stopLaptop()
    await rm(join(who.home, 'data'), { recursive: true })
    await rm(join(who.home, 'account.spare'))
    const { home } = who
    await expect(who.devices.start('laptop', { home })).rejects.toMatchObject({
      code: 'ERR_STORE_CORRUPT',
    })
  })
})

describe('E2 damage upon damage', () => {
  /** Starts where the laptop meets nobody, and stops once it has told of its damage. */
  async function startAlone(who: Cast): Promise<void> {
    who.leaveLaptopAlone()
    await who.startLaptop()
    await expect.poll(() => damageOf(who.laptop()).catch(String), WAIT).not.toEqual([])
    await who.stopLaptop()
    who.devices.hub.heal()
  }

  test('STO-54 E2 a device that lost its epochs and began one of its own alone reads all when a sibling comes', async () => {
    const who = await cast()
    await live(who)
    await who.stopLaptop()
    await loseEntries(who.home, ['device'])
    await startAlone(who)
    await who.startLaptop()
    await expectHealed(who)
  })

  test('STO-54 E2 what a device wrote alone under an epoch that it lost again keeps nothing from healing', async () => {
    const who = await cast()
    await live(who)
    await who.stopLaptop()
    for (let loss = 0; loss < 2; loss++) {
      await loseEntries(who.home, ['device'])
      await startAlone(who)
    }
    await who.startLaptop()
    await expectHealed(who)
  })

  test('STO-46 E2 values that rot while earlier damage is not healed yet keep no device from starting', async () => {
    const who = await cast()
    await live(who)
    await who.stopLaptop()
    await loseEntries(who.home, ['cards'])
    await startAlone(who)
    expect(await rotEntries(who.home, ['device', 'content places'])).toBeGreaterThan(0)
    await who.startLaptop()
    await expectHealed(who)
  })
})

describe('E2 a device whose store rots', () => {
  for (const table of ['device', 'settings', 'sessions', 'records', 'contents', 'log entries']) {
    test(`STO-46 STO-48 E2 all values of ${table} rot: it starts and heals`, async () => {
      const who = await cast()
      await live(who)
      await who.stopLaptop()
      expect(await rotEntries(who.home, [table])).toBeGreaterThan(0)
      await who.startLaptop()
      await expect.poll(() => who.told, WAIT).toContain('table')
      await expectHealed(who)
    })
  }

  // The log of Ada's account has two entries, that of Ben's one.
  for (const lost of [0, 1, 2]) {
    test(`STO-46 STO-50 E2 entry ${lost} of the device logs is lost: it starts and heals`, async () => {
      const who = await cast()
      await live(who)
      await who.stopLaptop()
      expect(await loseEntries(who.home, ['log entries'], (at) => at === lost)).toBe(1)
      await who.startLaptop()
      await expectHealed(who)
    })
  }

  test('STO-50 E2 the whole store deleted, its keys left: it finds its siblings again and heals', async () => {
    const who = await cast()
    await live(who)
    await who.stopLaptop()
    await rm(join(who.home, 'data'), { recursive: true })
    await who.startLaptop()
    expect(who.told).toContain('commits')
    await expectHealed(who)
  })

  test(`STO-30 STO-49 E2 each of ${FLIPS} flipped bits is harmless, or noticed and refilled`, async ({
    annotate,
  }) => {
    const who = await cast()
    await live(who)
    await who.stopLaptop()
    const outcomes = { harmless: 0, noticed: 0 }
    for (let at = 0; at < FLIPS; at++) {
      const name = DAMAGED_FILES[at % DAMAGED_FILES.length] ?? /./
      const flip = await flipBit(who.home, name, randomOf('flip', FLIP_SEED, at))
      const outcome = await startAndHeal(who).catch((cause: unknown) => {
        const again = `KITH_FLIP_SEED=${FLIP_SEED} KITH_FLIPS=${FLIPS}`
        const where = `flip ${at}, ${JSON.stringify(flip)}, warned: ${who.warned.join('; ')}`
        throw new Error(`${again}: ${where}: ${String(cause)}`, { cause })
      })
      outcomes[outcome] += 1
    }
    await annotate(JSON.stringify({ seed: FLIP_SEED, ...outcomes }))
  }, 600_000)
})

/** Files of LevelDB that are flipped in by turns. */
const DAMAGED_FILES = [/\.log$/, /\.ldb$/, /\.log$/, /^MANIFEST/] as const
