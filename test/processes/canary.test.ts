import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { startMiddlebox } from './middlebox.ts'
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

/** How Ada and Ben come together over a relay. */
interface Way {
  readonly way: string
  readonly isSpliced: boolean
  /** Where their devices find it. */
  addressOf(relay: RelayHome): Promise<AsyncDisposable & { readonly address: string }>
}

const WAYS: readonly Way[] = [
  {
    way: 'a splice',
    isSpliced: true,
    addressOf: async ({ address }) => ({ address, [Symbol.asyncDispose]: async () => {} }),
  },
  {
    way: 'a circuit',
    isSpliced: false,
    addressOf: ({ address }) => startMiddlebox(address),
  },
]

/** What the relay says it does. */
async function statusOf({ program }: RelayHome): Promise<Readonly<Record<string, unknown>>> {
  const { admin } = await program.event('ready')
  const status: unknown = await (await fetch(`${admin}/status`)).json()
  return { ...(typeof status === 'object' ? status : {}) }
}

test.for(WAYS)(
  'RLY-15 RLY-16 E5 nothing that crossed a relay over $way, nor who spoke with whom, is in its memory, on its disk, in its journal, or on what it shows',
  { timeout: STORY_MS },
  async ({ addressOf, isSpliced }, { skip }) => {
    await using stage = await createStage()
    const relay = await stage.relay({ log: true })
    await using way = await addressOf(relay)
    const flags = [...LOCAL, '--relay', way.address]
    const [phone, tablet] = await Promise.all([
      stage.home(PHONE, 'ready', flags),
      stage.home('tablet', 'ready', flags),
    ])
    await stage.acquaint(phone, tablet, { inviter: 'Ada', adder: NAME })
    await sayAll(phone, tablet)
    const { reservations, circuits, splices } = await statusOf(relay)
    expect([reservations, Number(circuits) > 0, Number(splices) > 0]).toEqual([2, true, isSpliced])

    const ready = await Promise.all([phone, tablet].map(({ program }) => program.event('ready')))
    const secrets = [...WORDS, ...ready.map(({ account }) => String(account))]
    // no peer at all, so no pair of peers: in memory it has to know whom it joins, while it does
    const names = [...secrets, ...ready.map(({ device }) => String(device))]
    const sights = await sightsOf(relay)
    expect(sights.size).toBeGreaterThan(6)
    for (const [sight, bytes] of sights) {
      expect([sight, names.filter((word) => bytes.includes(word))]).toEqual([sight, []])
    }

    if (!(await mayReadMemory(relay.program.pid))) {
      skip('this user may not read the memory of other processes')
    }
    // The search itself must be able to find: the phone holds the words, the relay whom it serves.
    expect(await findInMemory(phone.program.pid, [...WORDS])).toEqual([...WORDS])
    const devices = names.slice(secrets.length)
    expect(await findInMemory(relay.program.pid, devices)).toEqual(devices)
    expect(await findInMemory(relay.program.pid, secrets)).toEqual([])
    await expect.poll(() => phone.ask('status', 'status'), WAIT).toMatchObject({ pending: 0 })
  },
)
