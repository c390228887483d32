/** A device whose disk is damaged, beside a sibling and a contact that are well: does it become whole again? */

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { AccountId } from '@kithmesh/protocol'
import { expect, onTestFinished } from 'vitest'
import type { KithNode } from '../src/api/node.ts'
import type { Logger, NodeOptions } from '../src/api/options.ts'
import { accountOf, createDevices, type Devices } from './devices.ts'

/** Ada's phone and laptop, and Ben's tablet; what happens to the laptop's disk is the test's. */
export interface Cast {
  readonly devices: Devices
  readonly phone: KithNode
  readonly tablet: KithNode
  readonly ada: AccountId
  readonly ben: AccountId
  readonly home: string
  /** What the laptop said that its store lost, since it was started last. */
  readonly told: readonly string[]
  /** All that it warned of since then. */
  readonly warned: readonly string[]
  laptop(): KithNode
  stopLaptop(): Promise<void>
  startLaptop(): Promise<KithNode>
  /** The laptop meets nobody, until `hub.heal()`. */
  leaveLaptopAlone(): void
}

/** How long what heals by itself may take. */
export const WAIT = { timeout: 20_000, interval: 10 } as const
const MESSAGES = 12
const LOST = 'the store lost something'

/** They know each other, and the laptop's home is a folder. `time`: the laptop's, when a test lets it leap. */
export async function cast(
  devices: Devices = createDevices(),
  time: Pick<NodeOptions, 'clock' | 'scheduler'> = {},
): Promise<Cast> {
  const told: string[] = []
  const warned: string[] = []
  const logger: Logger = {
    debug: () => undefined,
    warn: (line, about = {}) => {
      warned.push(`${line} ${JSON.stringify(about)}`)
      if (line === LOST) told.push(String(about['kind']))
    },
  }
  const home = await mkdtemp(join(tmpdir(), 'kith-damaged-'))
  onTestFinished(() => rm(home, { recursive: true, force: true }))
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
    warned,
    laptop: () => laptop,
    stopLaptop: () => laptop.stop(),
    startLaptop: async () => {
      told.length = 0
      warned.length = 0
      laptop = await devices.start('laptop', { ...time, home, newDevice: true, logger })
      return laptop
    },
    leaveLaptopAlone: () => devices.hub.partition([[laptop.device], [phone.device, tablet.device]]),
  }
}

/** Everybody says something, and something is starred and named. */
export async function live({ phone, tablet, ada, ben, laptop }: Cast): Promise<void> {
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

/** What stands in a chat. */
export async function textsOf(node: KithNode, contact: AccountId): Promise<readonly string[]> {
  return (await node.messages.list(contact)).map(({ text }) => text).toSorted()
}

/** What a device says that its store lost. */
export async function damageOf(node: KithNode): Promise<readonly string[]> {
  const { damage = [] } = await node.status()
  return damage.map(({ kind, table }) => table ?? kind)
}

/** Whatever is wrong with its home: afterwards the laptop holds what its sibling holds, and is off again. */
export async function startAndHeal(who: Cast): Promise<'harmless' | 'noticed'> {
  const { laptop, ben } = who
  await who.startLaptop()
  await expectSame(who)
  // What the audit finds behind the opening has the account opened anew: meanwhile nothing is sent.
  const send = (): Promise<unknown> => laptop().messages.send(ben, { text: 'and more' })
  await expect.poll(() => send().then(() => 'sent', String), WAIT).toBe('sent')
  await expectSame(who)
  await who.stopLaptop()
  return who.told.length > 0 ? 'noticed' : 'harmless'
}

/** Nothing is missing, nothing is told any more, and everybody can still talk to everybody. */
export async function expectHealed(who: Cast): Promise<void> {
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
export async function expectSame({ phone, ben, laptop }: Cast): Promise<void> {
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
