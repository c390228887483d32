import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { findInMemory, mayReadMemory } from './process-memory.ts'
import { createStage, type Home, type RelayHome, WAIT } from './stage.ts'

const STORY_MS = 90_000
const LOCAL = ['--listen', '/ip4/127.0.0.1/tcp/0', '--no-lan'] as const
/** Words that stand nowhere else. Said, they cross the relay; nothing on it may ever show them. */
const WORDS = ['zqcanarytextzq', 'zqcanarynamezq', 'zqcanaryphonezq'] as const
const [TEXT, NAME, PHONE] = WORDS

/** Whoever sees all of these sees what the relay knows. */
async function sightsOf({ path, program }: RelayHome): Promise<ReadonlyMap<string, Buffer>> {
  const { admin } = await program.event('ready')
  const pages = ['/', '/status', '/metrics', '/healthz', '/readyz']
  const sights = new Map<string, Buffer>([['output', Buffer.from(program.output())]])
  for (const page of pages) {
    const response = await fetch(`${admin}${page}`)
    sights.set(page, Buffer.from(await response.arrayBuffer()))
  }
  const entries = await readdir(path, { recursive: true, withFileTypes: true })
  for (const entry of entries.filter((one) => one.isFile())) {
    sights.set(entry.name, await readFile(join(entry.parentPath, entry.name)))
  }
  return sights
}

/** Ada and Ben, with only a relay between them, say the words. */
async function sayAll(phone: Home, tablet: Home): Promise<void> {
  await phone.ask('sent', 'send', NAME, TEXT, '--wait', 'all')
  await tablet.ask('sent', 'send', 'Ada', `${TEXT} back`, '--wait', 'all')
  expect(await phone.texts(NAME)).toEqual([TEXT, `${TEXT} back`])
}

test(
  'RLY-15 RLY-16 E5 no word, name or account id that crossed a relay is in its memory, on its disk, or on what it shows',
  async ({ skip }) => {
    await using stage = await createStage()
    const relay = await stage.relay()
    const flags = [...LOCAL, '--relay', relay.address]
    const [phone, tablet] = await Promise.all([
      stage.home(PHONE, 'ready', flags),
      stage.home('tablet', 'ready', flags),
    ])
    await stage.acquaint(phone, tablet, { inviter: 'Ada', adder: NAME })
    await sayAll(phone, tablet)
    const { account } = await phone.program.event('ready')
    const secrets = [...WORDS, String(account)]

    const sights = await sightsOf(relay)
    expect(sights.size).toBeGreaterThan(6)
    for (const [sight, bytes] of sights) {
      expect([sight, secrets.filter((word) => bytes.includes(word))]).toEqual([sight, []])
    }

    if (!(await mayReadMemory(relay.program.pid))) {
      skip('this user may not read the memory of other processes')
    }
    // The search itself must be able to find: the phone holds the words, the relay what it shows.
    expect(await findInMemory(phone.program.pid, secrets)).toEqual(secrets)
    expect(await findInMemory(relay.program.pid, ['kith-relay'])).toEqual(['kith-relay'])
    expect(await findInMemory(relay.program.pid, secrets)).toEqual([])
    await expect.poll(() => phone.ask('status', 'status'), WAIT).toMatchObject({ pending: 0 })
  },
  STORY_MS,
)
