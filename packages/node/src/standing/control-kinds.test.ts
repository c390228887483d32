/** What only devices of the account may say, said by everybody (A5). */

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  createSuspend,
  deviceCardCodec,
  deviceLogCodec,
  entryIdOfBody,
  lastEntryOf,
  reduceDeviceLog,
  type SignedEntry,
} from '@kithmesh/protocol'
import { createEpoch, createEpochRing, epochKeysCodec, sealEpoch } from '@kithmesh/sync'
import { describe, expect, onTestFinished, test } from 'vitest'
import { openContext, type TestContext } from '../../test/context.ts'
import { accountOf, createDevices, type Devices } from '../../test/devices.ts'
import { EPOCHS } from '../account/account.ts'
import type { KithNode } from '../api.ts'
import { type HelloFrame, helloCodec } from '../greeting/hello-wire.ts'
import { HELLO, SYNC } from '../protocols.ts'

const WAIT = { timeout: 10_000, interval: 10 } as const
const CLASSES = ['a stranger', 'a contact', 'unlinked', 'suspended', 'own'] as const
type SenderClass = (typeof CLASSES)[number]

interface Stage {
  readonly devices: Devices
  /** Whom the sender speaks to, whom it speaks of, and what it is to them. */
  readonly phone: KithNode
  readonly desk: KithNode
  readonly phoneHome: string
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
async function stage(sender: SenderClass): Promise<Stage> {
  const at = await homes()
  const devices = createDevices()
  const phone = await devices.start('phone', { home: at('phone') })
  const laptop = await devices.start('laptop', { home: at('laptop'), newDevice: true })
  const desk = await devices.start('desk', { newDevice: true })
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
    return { devices, phone, desk, phoneHome: at('phone'), sender: context, entries }
  }
}

/** Says `frames` in a hello with the phone, and hears it out. */
async function say(
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

async function helloOf({ sender, phone }: Stage): Promise<HelloFrame> {
  const card = (await sender.tables.device.get('own card')) ?? new Uint8Array()
  return { kind: 'hello', account: accountOf(phone), logs: [], card, places: [], epochs: [] }
}

/** A suspend of the desk, signed by the sender behind whatever it wrote last. */
async function suspendOf({ sender, phone, desk, entries }: Stage): Promise<SignedEntry> {
  const account = accountOf(phone)
  const state = reduceDeviceLog(account, entries)
  const isOurs = state.devices.has(sender.device)
  const [genesis] = state.entries
  const prev = isOurs
    ? lastEntryOf(state, sender.device)
    : entryIdOfBody(genesis?.body ?? new Uint8Array())
  const target = state.devices.get(desk.device)?.addedBy ?? prev
  const at = sender.clock.now()
  return createSuspend(
    { account, author: sender.device, prev, target, reason: 'lost', at },
    sender.signer,
  )
}

async function stateOfDesk({ phone, desk }: Stage): Promise<string | undefined> {
  return (await phone.devices.list()).find(({ device }) => device === desk.device)?.state
}

/** Keys of the epochs on the phone's disk. */
async function epochsOfPhone({ phone, phoneHome }: Stage): Promise<readonly string[]> {
  await phone.stop()
  const context = await openContext({ home: phoneHome })
  const stored = await context.tables.device.get(EPOCHS)
  await context.store.close()
  return epochKeysCodec.decode(stored ?? new Uint8Array()).map(({ key }) => String(key))
}

describe('A5 what only devices of the account may say', () => {
  for (const sender of CLASSES) {
    const counts = sender === 'own'

    // By one that is suspended it counts (protocol.md §2, rule 5): an unlinked one has no say.
    const isHeard = counts || sender === 'suspended'
    test(`A5 an entry of the device log by ${sender} ${isHeard ? 'counts' : 'does nothing'}`, async () => {
      const at = await stage(sender)
      const account = accountOf(at.phone)
      const forged = await suspendOf(at)
      await say(at, [
        await helloOf(at),
        { kind: 'log', account, entries: deviceLogCodec.encode([...at.entries, forged]) },
        { kind: 'done' },
      ])
      expect(await stateOfDesk(at)).toBe(isHeard ? 'suspended' : 'active')
    })

    test(`A5 an epoch by ${sender} is ${counts ? 'taken' : 'not taken'}`, async () => {
      const at = await stage(sender)
      const { sender: speaker, phone } = at
      const account = accountOf(phone)
      const card = await cardOfPhone(at)
      const own = createEpoch(speaker.rng, 7, { at: speaker.clock.now() })
      const epoch = (await createEpochRing([own], speaker.primitives)).current()
      const ends = { account, giver: speaker.device, recipient: phone.device }
      const now = speaker.clock.now()
      const grants = [sealEpoch(epoch, { ...ends, card, now }, speaker.rng)]
      await say(at, [
        await helloOf(at),
        { kind: 'log', account, entries: deviceLogCodec.encode(at.entries) },
        { kind: 'epochs', grants, head: reduceDeviceLog(account, at.entries).head },
        { kind: 'done' },
      ])
      const held = await epochsOfPhone(at)
      expect(held.includes(String(own.key))).toBe(counts)
    })

    test(`A5 the word of ${sender} that the phone is out is no proof of it`, async () => {
      const at = await stage(sender)
      const forged = await suspendOf({ ...at, desk: at.phone })
      await say(at, [
        await helloOf(at),
        { kind: 'out', entries: deviceLogCodec.encode([...at.entries, forged]) },
        { kind: 'done' },
      ])
      expect((await at.phone.status()).left).toBeUndefined()
    })

    test(`A5 the account log is ${counts ? 'exchanged with one’s own' : `closed to ${sender}`}`, async () => {
      const at = await stage(sender)
      const stream = await at.sender.net.open(at.phone.device, SYNC)
      const first = await stream.incoming[Symbol.asyncIterator]()
        .next()
        .catch(() => ({ done: true }))
      expect(first.done !== true).toBe(counts)
      stream.abort(new Error('enough'))
    })
  }
})

async function cardOfPhone({
  sender,
  devices,
  phone,
}: Stage): Promise<ReturnType<typeof deviceCardCodec.decode>> {
  const kept = await sender.tables.cards.get(phone.device)
  if (kept) return deviceCardCodec.decode(kept)
  // Somebody who is no contact has it from one.
  const eve = await devices.start('eve')
  await devices.acquaint(phone, eve)
  await eve.stop()
  const stream = await devices.impersonate(eve).open(phone.device, HELLO)
  for await (const bytes of stream.incoming) {
    const frame = helloCodec.decode(bytes)
    if (frame.kind === 'hello') return deviceCardCodec.decode(frame.card)
  }
  throw new Error('the phone showed no card')
}
