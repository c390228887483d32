import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Clock, type EntryId, entryIdFromBytes } from '@kithmesh/protocol'
import {
  createEpoch,
  createEpochRing,
  type EpochKey,
  type EpochRing,
  epochDue,
  epochKeysCodec,
} from '@kithmesh/sync'
import { expect, onTestFinished, test } from 'vitest'
import { openContext } from '../../test/context.ts'
import { accountOf, createDevices, type Devices } from '../../test/devices.ts'
import { EPOCHS } from '../account/account.ts'
import { openDeviceLogs } from '../account/device-logs.ts'
import type { KithNode } from '../api/node.ts'
import { nodePlatform } from '../platform.node.ts'
import { commitStaged } from '../staged.ts'
import { openAccountEpochs } from './account-epochs.ts'
import { removalsInEffect } from './removals.ts'

const WAIT = { timeout: 10_000, interval: 10 } as const
const DAY_MS = 24 * 60 * 60 * 1000

/** A clock that leaps, and folders for homes. */
async function ground(): Promise<{
  readonly devices: Devices
  readonly clock: Clock
  readonly home: (name: string) => string
  leap(days: number): void
}> {
  const folder = await mkdtemp(join(tmpdir(), 'kith-epochs-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  let leapt = 0
  const { now, monotonic } = nodePlatform.clock
  return {
    devices: createDevices(),
    clock: { now: () => now() + leapt, monotonic: () => monotonic() + leapt },
    home: (name) => join(folder, name),
    leap: (days) => {
      leapt += days * DAY_MS
    },
  }
}

async function link(by: KithNode, fresh: KithNode): Promise<void> {
  const { code } = await fresh.linking.offer()
  await by.devices.link(code, { confirm: async () => true })
}

/** The epochs on the disk of a device that is stopped, and whether the current one knows who is out. */
async function epochsAt(
  home: string,
): Promise<{ readonly ring: EpochRing; readonly due: string | undefined }> {
  const context = await openContext({ home })
  const keys = epochKeysCodec.decode((await context.tables.device.get(EPOCHS)) ?? new Uint8Array())
  const ring = await createEpochRing(keys, context.primitives)
  const logs = await openDeviceLogs(context)
  const now = context.clock.now()
  const out = logs
    .accounts()
    .flatMap((account) => logs.get(account) ?? [])
    .flatMap((state) => [...removalsInEffect(state, { now })])
  await context.store.close()
  return { ring, due: epochDue(ring, { out, now: 0 }) }
}

test('OUT-4 whoever first writes in a new week makes a new epoch, and only then', async () => {
  const at = await ground()
  const home = at.home('phone')
  const write = async (): Promise<number> => {
    const phone = await at.devices.start('phone', { home, clock: at.clock })
    const { device } = phone
    await phone.devices.rename(device, `phone ${at.clock.now()}`)
    await phone.stop()
    return (await epochsAt(home)).ring.list().length
  }
  expect(await write()).toBe(1)
  at.leap(6.5)
  expect(await write()).toBe(1)
  at.leap(1)
  expect(await write()).toBe(2)
  expect(await write()).toBe(2)
})

test('OUT-5 a device that lost its epochs has them again from a sibling, and reads all', async () => {
  const { devices, home } = await ground()
  const phone = await devices.start('phone')
  const laptop = await devices.start('laptop', { home: home('laptop'), newDevice: true })
  const ben = await devices.start('ben')
  await link(phone, laptop)
  await devices.acquaint(phone, ben)
  const toBen = accountOf(ben)
  await phone.messages.send(toBen, { text: 'before' })
  await expect.poll(async () => (await laptop.contacts.list()).length, WAIT).toBe(1)
  await laptop.stop()
  await phone.messages.send(toBen, { text: 'while it was off' })
  const context = await openContext({ home: home('laptop') })
  await context.store.commit([context.tables.device.delete(EPOCHS)])
  await context.store.close()

  const again = await devices.start('laptop', { home: home('laptop') })

  const texts = async (): Promise<readonly string[]> =>
    (await again.messages.list(toBen)).map(({ text }) => text)
  await expect.poll(texts, WAIT).toEqual(['before', 'while it was off'])
  await again.messages.send(toBen, { text: 'and on' })
  await expect
    .poll(async () => (await phone.messages.list(toBen)).map(({ text }) => text), WAIT)
    .toContain('and on')
})

test('OUT-2 OUT-3 an epoch made without knowledge of a removal is not the current one for long', async () => {
  const { devices, home, clock, leap } = await ground()
  const phone = await devices.start('phone', { home: home('phone'), clock })
  const [laptop, desk] = await Promise.all(
    ['laptop', 'desk'].map((name) =>
      devices.start(name, { home: home(name), newDevice: true, clock }),
    ),
  )
  if (!laptop || !desk) throw new Error('two were started')
  await link(phone, laptop)
  await link(phone, desk)
  await expect.poll(async () => (await laptop.devices.list()).length, WAIT).toBe(3)
  devices.hub.partition([[phone.device], [laptop.device, desk.device]])
  await phone.devices.unlink(desk.device)
  // Out of touch, the other two go through three weeks: their epochs have higher numbers than the phone's.
  for (let week = 0; week < 3; week++) {
    leap(8)
    await laptop.devices.rename(laptop.device, `laptop ${week}`)
  }
  devices.hub.heal()
  await expect.poll(async () => (await desk.status()).left?.reason, WAIT).toBe('unlinked')
  await expect
    .poll(async () => (await phone.devices.list()).map(({ name }) => name), WAIT)
    .toContain('laptop 2')
  await laptop.devices.rename(laptop.device, 'laptop at last')
  await expect
    .poll(async () => (await phone.devices.list()).map(({ name }) => name), WAIT)
    .toContain('laptop at last')
  await Promise.all([phone.stop(), laptop.stop(), desk.stop()])

  const [atPhone, atLaptop, atDesk] = [
    await epochsAt(home('phone')),
    await epochsAt(home('laptop')),
    await epochsAt(home('desk')),
  ]
  for (const { ring, due } of [atPhone, atLaptop]) {
    expect(due).toBeUndefined()
    expect(ring.list().length).toBeGreaterThan(4)
    expect(atDesk.ring.get(ring.current().id)).toBeUndefined()
  }
})

test('OUT-3 an epoch that names a removal the log does not hold, or one far ahead, is not taken', async () => {
  const { devices, home } = await ground()
  const phone = await devices.start('phone', { home: home('phone') })
  const account = accountOf(phone)
  await phone.stop()
  const context = await openContext({ home: home('phone') })
  const logs = await openDeviceLogs(context)
  const epochs = await openAccountEpochs(context, { account, logs })
  const state = logs.get(account) ?? expect.fail('no log')
  const { rng } = context
  const removal = entryIdFromBytes(rng.bytes(32))
  const taken = async (epoch: EpochKey): Promise<boolean> => {
    const staged = await epochs.stage(state, [epoch])
    staged?.discard?.()
    return staged !== undefined
  }
  expect(await taken(createEpoch(rng, 2))).toBe(true)
  expect(await taken(createEpoch(rng, 2, { removals: [state.period] }))).toBe(true)
  expect(await taken(createEpoch(rng, 2, { removals: [removal] }))).toBe(false)
  expect(await taken(createEpoch(rng, 2_000))).toBe(false)
  await context.store.close()
})

test('OUT-3 epochs handed over leave room for our own, many at once and large ones too', async () => {
  const { devices, home } = await ground()
  const phone = await devices.start('phone', { home: home('phone') })
  const account = accountOf(phone)
  await phone.stop()
  const context = await openContext({ home: home('phone') })
  const logs = await openDeviceLogs(context)
  const state = logs.get(account) ?? expect.fail('no log')
  const { rng } = context
  const take = async (given: readonly EpochKey[], knowsAsMuch = false): Promise<number> => {
    const epochs = await openAccountEpochs(context, { account, logs })
    const staged = await epochs.stage(state, given, { knowsAsMuch })
    if (staged) await commitStaged(context.store, [staged])
    return epochs.ring.list().length
  }
  const small = (count: number): readonly EpochKey[] =>
    Array.from({ length: count }, () => createEpoch(rng, 1))
  expect(await take(small(950))).toBe(951)
  expect(await take(small(128))).toBe(960)
  await context.store.commit([context.tables.device.delete(EPOCHS)])
  const removals = (): readonly EntryId[] =>
    Array.from({ length: 64 }, () => entryIdFromBytes(rng.bytes(32))).toSorted()
  const large = Array.from({ length: 128 }, () => createEpoch(rng, 1, { removals: removals() }))
  const held = await take(large, true)
  expect(held).toBeGreaterThan(64)
  expect(held).toBeLessThan(110)
  await context.store.close()
})

test('OUT-2 OUT-4 a full ring keeps nobody in, and nobody from writing', async () => {
  const { devices, home, clock, leap } = await ground()
  const phone = await devices.start('phone', { home: home('phone') })
  const laptop = await devices.start('laptop', { newDevice: true })
  await link(phone, laptop)
  await phone.devices.unlink(laptop.device)
  const account = accountOf(phone)
  await phone.stop()
  const context = { ...(await openContext({ home: home('phone') })), clock }
  const at = clock.now()
  const full = Array.from({ length: 1_024 }, () => createEpoch(context.rng, 1, { at }))
  await context.store.commit([context.tables.device.put(EPOCHS, epochKeysCodec.encode(full))])
  const logs = await openDeviceLogs(context)
  const epochs = await openAccountEpochs(context, { account, logs })
  const state = logs.get(account) ?? expect.fail('no log')
  expect(removalsInEffect(state, { now: at }).size).toBe(1)
  expect(await epochs.stage(state)).toBeUndefined()
  leap(8)
  await expect(epochs.renewal()).resolves.toBeUndefined()
  await context.store.close()
})

test('OUT-3 what was written after a removal is read also when the device that removed is unlinked itself', {
  timeout: 30_000,
}, async () => {
  const { devices } = await ground()
  const phone = await devices.start('phone')
  const fresh = await Promise.all(
    ['laptop', 'desk', 'tablet'].map((name) => devices.start(name, { newDevice: true })),
  )
  const [laptop, desk, tablet] = fresh
  if (!laptop || !desk || !tablet) throw new Error('three were started')
  const ben = await devices.start('ben')
  await devices.acquaint(phone, ben)
  for (const one of fresh) await link(phone, one)
  const toBen = accountOf(ben)
  for (const one of fresh) {
    await expect.poll(async () => (await one.contacts.list()).length, WAIT).toBe(1)
    await expect.poll(async () => (await one.devices.list()).length, WAIT).toBe(4)
  }
  devices.hub.partition([[tablet.device], [phone.device, laptop.device, desk.device, ben.device]])
  await laptop.devices.suspend(desk.device)
  await expect
    .poll(
      async () => (await phone.devices.list()).find((d) => d.device === desk.device)?.state,
      WAIT,
    )
    .toBe('suspended')
  await phone.messages.send(toBen, { text: 'under the epoch of the laptop' })
  await phone.devices.unlink(laptop.device)
  await phone.messages.send(toBen, { text: 'after' })
  devices.hub.heal()
  await expect
    .poll(async () => (await tablet.messages.list(toBen)).map(({ text }) => text), WAIT)
    .toEqual(['under the epoch of the laptop', 'after'])
})

test('OUT-4 the epoch of a new week comes to siblings that stay connected', async () => {
  const { devices, home, clock, leap } = await ground()
  const phone = await devices.start('phone', { home: home('phone'), clock })
  const laptop = await devices.start('laptop', { home: home('laptop'), newDevice: true, clock })
  await link(phone, laptop)
  await expect.poll(async () => (await laptop.devices.list()).length, WAIT).toBe(2)
  const names = async (node: KithNode): Promise<readonly string[]> =>
    (await node.devices.list()).map(({ name }) => name)
  // Each week anew: the greetings of the link may still be on their way in the first one.
  for (let week = 1; week <= 4; week++) {
    leap(8)
    await laptop.devices.rename(laptop.device, `laptop ${week}`)
    await expect.poll(() => names(phone), WAIT).toContain(`laptop ${week}`)
    await phone.devices.rename(phone.device, `phone ${week}`)
    await expect.poll(() => names(laptop), WAIT).toContain(`phone ${week}`)
  }
})
