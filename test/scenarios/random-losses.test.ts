import { cp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { onTestFinished, test } from 'vitest'
import { openContext } from '../../packages/node/test/context.ts'
import { type Cast, cast, live, startAndHeal } from '../../packages/node/test/damaged-device.ts'
import { flipBit, loseEntries, rotEntries } from '../../packages/node/test/rotting.ts'
import { type Random, randomOf } from '../sim/ground/random.ts'
import { askingForSnapshots, createLiars } from './liars.ts'

/** How often a device's disk is damaged, each time in one of many ways; 60 in a full run. */
const LOSSES = Number(process.env['KITH_LOSSES'] ?? 6)
/** Which; `KITH_LOSS_SEED` has them again, as far as the files are the same. */
const LOSS_SEED = Number(process.env['KITH_LOSS_SEED'] ?? Math.floor(Math.random() * 2 ** 30))
/** More records than are kept behind a snapshot (ALOG-8). */
const RECORDS = 80

/** Something that happens to the disk of a device that is off; says what. */
type Damage = (who: Cast, random: Random) => Promise<string>

const DAMAGES: readonly Damage[] = [
  async (who, random) => `lost: ${await someEntries(who, { random, take: loseEntries })}`,
  async (who, random) => `rotten: ${await someEntries(who, { random, take: rotEntries })}`,
  async ({ home }, random) => {
    const name = random.pick([/\.log$/, /\.ldb$/, /^MANIFEST/])
    return JSON.stringify(await flipBit(home, name, random))
  },
  async ({ home }) => {
    await rm(join(home, 'data'), { recursive: true })
    await cp(`${home}-older`, join(home, 'data'), { recursive: true })
    return 'an older copy of the data came back'
  },
  async ({ home }) => {
    await rm(join(home, 'data'), { recursive: true })
    return 'all data lost'
  },
]

test(`STO-49 STO-53 E2 a device becomes whole after each of ${LOSSES} losses, upon each other`, async () => {
  const { devices, lies } = createLiars()
  const who = await cast(devices)
  onTestFinished(() => rm(`${who.home}-older`, { recursive: true, force: true }))
  for (let at = 0; at < RECORDS; at++) await who.phone.contacts.rename(who.ben, `Ben ${at}`)
  await live(who)
  await who.stopLaptop()
  await keepCopy(who)
  const done: string[] = []
  for (let at = 0; at < LOSSES; at++) {
    const random = randomOf('loss', LOSS_SEED, at)
    if (random.chance(0.2)) lies.set('phone', askingForSnapshots)
    if (random.chance(0.3)) await keepCopy(who)
    for (;;) {
      done.push(`${at}: ${await random.pick(DAMAGES)(who, random)}`)
      if (!random.chance(0.3)) break
      await halfHeal(who, random)
    }
    await startAndHeal(who).catch((cause: unknown) => {
      const again = `KITH_LOSS_SEED=${LOSS_SEED} KITH_LOSSES=${LOSSES}`
      const lines = [again, ...done.slice(-10), 'warned:', ...who.warned, String(cause)]
      throw new Error(lines.join('\n'), { cause })
    })
    lies.clear()
  }
}, 600_000)

/** A share of the entries of some tables. */
async function someEntries(
  { home }: Cast,
  { random, take }: { readonly random: Random; readonly take: typeof loseEntries },
): Promise<string> {
  const { store, tables } = await openContext()
  const names = Object.values(tables).map(({ name }) => name)
  await store.close()
  const chosen = names.filter(() => random.chance(0.2))
  const share = random.pick([1, 0.5, 0.1])
  const count = await take(home, chosen, () => random.chance(share))
  return `${count} entries of ${chosen.join(', ')}`
}

async function keepCopy({ home }: Cast): Promise<void> {
  await rm(`${home}-older`, { recursive: true, force: true })
  await cp(join(home, 'data'), `${home}-older`, { recursive: true })
}

/** Begins to heal, and is stopped at some point, perhaps without having met anybody. */
async function halfHeal(who: Cast, random: Random): Promise<void> {
  if (random.chance(0.4)) who.leaveLaptopAlone()
  await who.startLaptop()
  const turns = random.pick([0, 1, 10, 100])
  for (let turn = 0; turn < turns; turn++) await new Promise((resolve) => setImmediate(resolve))
  await who.stopLaptop()
  who.devices.hub.heal()
}
