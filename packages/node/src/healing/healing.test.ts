import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { AccountId } from '@kithmesh/protocol'
import { afterAll, describe, expect, test } from 'vitest'
import { accountOf, createDevices, type Devices } from '../../test/devices.ts'
import { flipBit, loseEntries, rotEntries } from '../../test/rotting.ts'
import type { KithNode } from '../api/node.ts'
import type { Logger } from '../api/options.ts'
import { nodePlatform } from '../platform.node.ts'

/** How often a bit of a device's disk flips; 100 in a full run. */
const FLIPS = Number(process.env['KITH_FLIPS'] ?? 6)
const MESSAGES = 12
const WAIT = { timeout: 20_000, interval: 10 } as const
const root = await mkdtemp(join(tmpdir(), 'kith-healing-'))
afterAll(() => rm(root, { recursive: true, force: true }))

/** Ada's phone and laptop, and Ben's tablet; what happens to the laptop's disk is the test's. */
interface Cast {
  readonly devices: Devices
  readonly phone: KithNode
  readonly tablet: KithNode
  readonly ada: AccountId
  readonly ben: AccountId
  readonly home: string
  /** What the laptop said that its store lost. */
  readonly told: string[]
  laptop(): KithNode
  stopLaptop(): Promise<void>
  startLaptop(): Promise<KithNode>
}

const LOST = 'the store lost something'
let homes = 0

async function cast(): Promise<Cast> {
  const devices = createDevices()
  homes += 1
  const told: string[] = []
  const logger: Logger = {
    debug: () => undefined,
    warn: (line, { kind } = {}) => {
      if (line === LOST) told.push(String(kind))
    },
  }
  const home = join(root, `laptop-${homes}`)
  const phone = await devices.start('phone')
  const tablet = await devices.start('tablet')
  let laptop = await devices.start('laptop', { home, newDevice: true })
  const { code } = await laptop.linking.offer()
  await phone.devices.link(code, { confirm: async () => true, far: false })
  await devices.acquaint(phone, tablet)
  const [ada, ben] = [accountOf(phone), accountOf(tablet)]
  await expect.poll(() => laptop.contacts.list(), WAIT).toHaveLength(1)
  return {
    devices,
    phone,
    tablet,
    ada,
    ben,
    home,
    told,
    laptop: () => laptop,
    stopLaptop: () => laptop.stop(),
    startLaptop: async () => {
      told.length = 0
      laptop = await devices.start('laptop', { home, newDevice: true, logger })
      return laptop
    },
  }
}

/** Everybody says something, and something is starred and named. */
async function live({ phone, tablet, ada, ben, laptop }: Cast): Promise<void> {
  for (let at = 0; at < MESSAGES; at += 3) {
    await phone.messages.send(ben, { text: `phone ${at}` })
    await laptop().messages.send(ben, { text: `laptop ${at}` })
    await tablet.messages.send(ada, { text: `tablet ${at}` })
  }
  await expect.poll(() => textsOf(laptop(), ben), WAIT).toHaveLength(MESSAGES)
  await expect.poll(() => textsOf(phone, ben), WAIT).toHaveLength(MESSAGES)
  await expect.poll(() => textsOf(tablet, ada), WAIT).toHaveLength(MESSAGES)
  const [first] = await phone.messages.list(ben)
  if (first) await phone.starred.add(first.message)
  await laptop().contacts.rename(ben, 'Benjamin')
  await expect.poll(() => laptop().starred.list(), WAIT).toHaveLength(1)
  await expect.poll(async () => (await phone.contacts.list())[0]?.name, WAIT).toBe('Benjamin')
}

async function textsOf(node: KithNode, contact: AccountId): Promise<readonly string[]> {
  return (await node.messages.list(contact)).map(({ text }) => text).toSorted()
}

async function damageOf(node: KithNode): Promise<readonly string[]> {
  const { damage = [] } = await node.status()
  return damage.map(({ kind, table }) => table ?? kind)
}

/** Nothing is missing, nothing is told any more, and everybody can still talk to everybody. */
async function expectHealed(who: Cast): Promise<void> {
  const { phone, tablet, ada, ben, laptop } = who
  await expectSame(who)
  await laptop().messages.send(ben, { text: 'from the healed one' })
  await tablet.messages.send(ada, { text: 'to the healed one' })
  for (const [node, contact] of [
    [laptop(), ben],
    [phone, ben],
    [tablet, ada],
  ] as const) {
    await expect.poll(() => textsOf(node, contact), WAIT).toContain('from the healed one')
    await expect.poll(() => textsOf(node, contact), WAIT).toContain('to the healed one')
  }
  expect(await textsOf(tablet, ada)).toEqual(await textsOf(phone, ben))
}

/** The laptop holds what the phone holds, and its store says that it is whole. */
async function expectSame({ phone, ben, laptop }: Cast): Promise<void> {
  const found = async (): Promise<unknown> => ({
    damage: await damageOf(laptop()),
    lost: (await textsOf(phone, ben)).filter(without(await textsOf(laptop(), ben))),
    unheard: (await textsOf(laptop(), ben)).filter(without(await textsOf(phone, ben))),
    names: (await laptop().contacts.list()).map(({ name }) => name),
    stars: (await laptop().starred.list()).length,
  })
  await expect
    .poll(() => found().catch(String), WAIT)
    .toEqual({ damage: [], lost: [], unheard: [], names: ['Benjamin'], stars: 1 })
}

function without(texts: readonly string[]): (text: string) => boolean {
  return (text) => !texts.includes(text)
}

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
    const { devices, phone } = who
    const others = [phone.device, who.tablet.device]
    const laptop = who.laptop().device
    devices.hub.partition([[laptop], others])
    const healed = Promise.withResolvers<void>()
    const again = await who.startLaptop()
    again.addEventListener('store:healed', () => healed.resolve())
    await expect.poll(() => damageOf(again).catch(String), WAIT).toContain('contents')
    devices.hub.heal()
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
    for (let flip = 0; flip < FLIPS; flip++) {
      const random = new DataView(nodePlatform.rng.bytes(4).buffer).getUint32(0)
      await flipBit(who.home, DAMAGED_FILES[flip % DAMAGED_FILES.length] ?? /./, random)
      outcomes[await startAndHeal(who)] += 1
    }
    await annotate(JSON.stringify(outcomes))
  }, 600_000)
})

/** Files of LevelDB that are flipped in by turns. */
const DAMAGED_FILES = [/\.log$/, /\.ldb$/, /\.log$/, /^MANIFEST/] as const

/** Whatever is wrong with its home: afterwards the laptop holds what its sibling holds. */
async function startAndHeal(who: Cast): Promise<'harmless' | 'noticed'> {
  await who.startLaptop()
  await expectSame(who)
  await who.laptop().messages.send(who.ben, { text: `and more ${Math.random()}` })
  await expectSame(who)
  await who.stopLaptop()
  return who.told.length > 0 ? 'noticed' : 'harmless'
}
