import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { kith, startKith } from './programs.ts'
import { createStage, type Home, type Stage, WAIT } from './stage.ts'

const STORY_MS = 240_000
const LOCAL = ['--listen', '/ip4/127.0.0.1/tcp/0'] as const

/** The batch is written after the plan was said, and before `recovered` is. */
const MOMENTS = ['recovery-plan', 'recovery-plan', 'recovered'] as const

/** What Ada calls Ben. It stands in the copy that he keeps, and he must not find it there. */
const CANARY = 'zqcanarynamezq'

interface Lost {
  readonly account: unknown
  readonly ben: Home
  /** What `recovery restore` is given, but for the home. */
  readonly argv: readonly string[]
}

/** Ada's only device is gone; her words stand in a file, and Ben's tablet is left. */
async function loseAll(stage: Stage): Promise<Lost> {
  const [phone, ben] = await Promise.all([
    stage.home('phone', 'ready', LOCAL),
    stage.home('tablet', 'ready', [...LOCAL, '--verbose']),
  ])
  await stage.acquaint(ben, phone, { inviter: CANARY, adder: 'Ada' })
  await expect.poll(() => ben.program.output(), WAIT).toContain('a recovery copy was kept')
  const { words } = await phone.ask('recovery-words', 'recovery', 'show')
  const { account } = await phone.program.event('ready')
  await phone.program.kill('SIGKILL')
  const file = `${phone.path}-words`
  await writeFile(file, [words].flat().join(' '))
  const { addresses } = await ben.program.event('ready')
  const [from = ''] = [addresses].flat().map(String)
  const argv = ['recovery', 'restore', '--from', from, '--words-file', file, '--yes']
  return { account, ben, argv }
}

/** Files of a home that hold a text. */
async function findInHome(path: string, text: string): Promise<readonly string[]> {
  const entries = await readdir(path, { recursive: true, withFileTypes: true })
  const files = entries.filter((one) => one.isFile()).map((one) => join(one.parentPath, one.name))
  expect(files.length).toBeGreaterThan(3)
  const contents = await Promise.all(files.map((file) => readFile(file)))
  return files.filter((_, at) => contents[at]?.includes(text))
}

test(
  'CLI-46 REC-16 REC-26: words in a file and a contact that runs: the account is back, and "up" runs it',
  async () => {
    await using stage = await createStage()
    const { account, ben, argv } = await loseAll(stage)
    const home = `${ben.path}-fresh`
    expect(await findInHome(ben.path, CANARY)).toEqual([])
    const restored = await kith(home, ...argv, '--name', 'fresh')
    expect(restored).toMatchObject({ code: 0 })
    expect(restored.events.map(({ event }) => event)).toEqual(['recovery-plan', 'recovered'])
    expect(restored.events[0]).toMatchObject({ account, devices: [{ name: 'phone', kept: false }] })

    const up = startKith(home, ['up', ...LOCAL])
    try {
      expect(await up.event('ready')).toMatchObject({ account, name: 'fresh' })
      expect(await kith(home, 'recovery')).toMatchObject({ events: [{ state: 'confirmed' }] })
      expect(await kith(home, 'send', CANARY, 'it is me', '--wait', 'all')).toMatchObject({
        code: 0,
      })
      await expect.poll(() => ben.texts('Ada'), WAIT).toEqual(['it is me'])
      expect(await ben.ask('contact', 'contacts')).toMatchObject({ contact: account, devices: 1 })
    } finally {
      await up.kill('SIGTERM')
    }
  },
  STORY_MS,
)

test(
  'REC-23 E2 kill -9 while it restores leaves nothing, or an account that works',
  async () => {
    await using stage = await createStage()
    const { account, ben, argv } = await loseAll(stage)
    for (const [number, moment] of MOMENTS.entries()) {
      const home = `${ben.path}-${number}`
      const restoring = startKith(home, argv)
      await restoring.event(moment)
      await restoring.kill('SIGKILL')

      const again = await kith(home, ...argv)
      const outcome = again.events.at(-1)?.['code'] ?? again.events.at(-1)?.event
      expect(['recovered', 'ERR_LINK_ALREADY']).toContain(outcome)
      const up = startKith(home, ['up', ...LOCAL])
      expect(await up.event('ready')).toMatchObject({ account })
      const sent = await kith(home, 'send', CANARY, `after ${home}`, '--wait', 'all')
      expect(sent).toMatchObject({ code: 0 })
      await up.kill('SIGKILL')
      expect(await ben.ask('contact', 'contacts')).toMatchObject({ contact: account, devices: 1 })
    }
  },
  STORY_MS,
)
