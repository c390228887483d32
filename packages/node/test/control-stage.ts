/** Ada's phone and desk, and somebody of each class who speaks by the test's mouth (A5). */

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { SignedEntry } from '@kithmesh/protocol'
import { expect, onTestFinished } from 'vitest'
import type { KithNode } from '../src/api/node.ts'
import { type Hello, type HelloFrame, helloCodec } from '../src/greeting/hello-wire.ts'
import { HELLO } from '../src/protocols.ts'
import { openContext, type TestContext } from './context.ts'
import { accountOf, createDevices, type Devices } from './devices.ts'

const WAIT = { timeout: 10_000, interval: 10 } as const

/** Who may speak to a device, seen from its account. */
export const CLASSES = ['a stranger', 'a contact', 'unlinked', 'suspended', 'own'] as const
export type SenderClass = (typeof CLASSES)[number]

/** Who speaks to whom. */
export interface Stage {
  readonly devices: Devices
  /** Whom the sender speaks to, whom it speaks of, and what it is to them. */
  readonly phone: KithNode
  readonly desk: KithNode
  readonly phoneHome: string
  readonly deskHome: string
  readonly sender: TestContext
  /** Ada's device log, as the sender knows it. */
  readonly entries: readonly SignedEntry[]
}

async function homes(): Promise<(name: string) => string> {
  const folder = await mkdtemp(join(tmpdir(), 'kith-control-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  return (name) => join(folder, name)
}

/** Ada's phone and desk, and somebody who is stopped and speaks by the test's mouth. */
export async function createStage(sender: SenderClass): Promise<Stage> {
  const at = await homes()
  const devices = createDevices()
  const phone = await devices.start('phone', { home: at('phone') })
  const laptop = await devices.start('laptop', { home: at('laptop'), newDevice: true })
  const desk = await devices.start('desk', { home: at('desk'), newDevice: true })
  for (const fresh of [laptop, desk]) {
    const { code } = await fresh.linking.offer()
    await phone.devices.link(code, { confirm: async () => true })
  }
  const stranger = await devices.start('stranger', { home: at('stranger') })
  if (sender === 'a contact') await devices.acquaint(phone, stranger)
  await expect.poll(async () => (await laptop.devices.list()).length, WAIT).toBe(3)
  await Promise.all([laptop.stop(), stranger.stop()])
  if (sender === 'unlinked') await phone.devices.unlink(laptop.device)
  if (sender === 'suspended') await phone.devices.suspend(laptop.device)
  const isOutside = sender === 'a stranger' || sender === 'a contact'
  const speaker = isOutside ? stranger : laptop
  const known = await openContext({ home: at('laptop'), net: devices.stranger() })
  const entries: SignedEntry[] = []
  for await (const [, entry] of known.tables.logEntries.entries()) entries.push(entry)
  const net = devices.impersonate(speaker)
  if (!isOutside) return done({ ...known, net })
  await known.store.close()
  return done(await openContext({ home: at('stranger'), net }))

  function done(context: TestContext): Stage {
    onTestFinished(() => context.store.close())
    const homes = { phoneHome: at('phone'), deskHome: at('desk') }
    return { devices, phone, desk, ...homes, sender: context, entries }
  }
}

/** Says `frames` in a hello with the phone, and hears it out. */
export async function say(
  { sender, phone }: Stage,
  frames: readonly HelloFrame[],
): Promise<readonly HelloFrame[]> {
  const stream = await sender.net.open(phone.device, HELLO)
  const answers: HelloFrame[] = []
  const listening = (async () => {
    for await (const bytes of stream.incoming) answers.push(helloCodec.decode(bytes))
  })().catch(() => undefined)
  for (const frame of frames) await stream.send(helloCodec.encode(frame)).catch(() => undefined)
  await stream.close().catch(() => undefined)
  await listening
  return answers
}

/** What the sender says of itself, as of the account of the phone. */
export async function helloOf({ sender, phone }: Stage): Promise<Hello> {
  const card = (await sender.tables.device.get('own card')) ?? new Uint8Array()
  return {
    kind: 'hello',
    account: accountOf(phone),
    logs: [],
    card,
    cards: [],
    places: [],
    epochs: [],
  }
}
