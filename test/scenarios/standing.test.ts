import type { AccountId, DeviceId, KithNode, NodeEvents } from '@kithmesh/node'
import {
  deviceLogFileCodec,
  entryBodyCodec,
  forkProofCodec,
  verifyForkProof,
} from '@kithmesh/protocol'
import { describe, expect, test } from 'vitest'
import { createWorld, type World } from './world.ts'

const WAIT = { timeout: 10_000, interval: 10 } as const
const DAY_MS = 24 * 60 * 60 * 1000

function accountOf(node: KithNode): AccountId {
  if (!node.account) throw new Error('no account yet')
  return node.account
}

/** How a device is out, by its own word. */
async function leftOf(node: KithNode): Promise<string | undefined> {
  return (await node.status()).left?.reason
}

const HOUR_MS = 60 * 60 * 1000

async function revokesKnownTo(node: KithNode): Promise<number> {
  const { entries } = deviceLogFileCodec.decode(await node.deviceLog.export())
  return entries.filter(({ body }) => entryBodyCodec.decode(body).kind === 'revoke').length
}

async function stateOf(node: KithNode, device: DeviceId): Promise<string | undefined> {
  return (await node.devices.list()).find((one) => one.device === device)?.state
}

async function textsOf(node: KithNode, contact: AccountId): Promise<readonly string[]> {
  return (await node.messages.list(contact)).map(({ text }) => text)
}

async function devicesAt(node: KithNode, contact: AccountId): Promise<number | undefined> {
  return (await node.contacts.list()).find((one) => one.contact === contact)?.devices
}

/** What a device tells by one kind of event, from now on. */
function heard<K extends keyof NodeEvents>(node: KithNode, type: K): NodeEvents[K][] {
  const told: NodeEvents[K][] = []
  node.addEventListener(type, ({ detail }) => told.push(detail))
  return told
}

/** The error code of a call that must fail, and whether it says what to do. */
async function refusal(call: Promise<unknown>): Promise<unknown> {
  return call.then(
    () => 'nothing was refused',
    (error: { code?: string; hint?: string }) => `${error.code}${error.hint ? ' +hint' : ''}`,
  )
}

/** Ada with a phone (the first), a laptop and a desk; Ben with a tablet; all of them know each other. */
async function stage(): Promise<{
  readonly world: World
  readonly phone: KithNode
  readonly laptop: KithNode
  readonly desk: KithNode
  readonly ben: KithNode
  readonly ada: AccountId
  readonly toBen: AccountId
  [Symbol.asyncDispose](): Promise<void>
}> {
  const world = await createWorld({ ada: ['phone', 'laptop', 'desk'], ben: ['tablet'] })
  const [phone, laptop] = [world.device('ada', 'phone'), world.device('ada', 'laptop')]
  const [desk, ben] = [world.device('ada', 'desk'), world.device('ben', 'tablet')]
  await world.acquaint(phone, ben)
  const [ada, toBen] = [accountOf(phone), accountOf(ben)]
  for (const device of [phone, laptop, desk]) {
    await expect.poll(() => devicesAt(device, toBen), WAIT).toBe(1)
  }
  await expect.poll(() => devicesAt(ben, ada), WAIT).toBe(3)
  const dispose = async (): Promise<void> => world[Symbol.asyncDispose]()
  return { world, phone, laptop, desk, ben, ada, toBen, [Symbol.asyncDispose]: dispose }
}

describe('unlinking', () => {
  test('OUT-7 OUT-8 the unlinked device learns it at once, keeps its data and does nothing more', async () => {
    await using at = await stage()
    const { phone, laptop, desk, ben, ada, toBen } = at
    await ben.messages.send(ada, { text: 'before' })
    await expect.poll(() => textsOf(laptop, toBen), WAIT).toEqual(['before'])
    const left = heard(laptop, 'account:left')
    const removed = heard(desk, 'device:removed')

    await phone.devices.unlink(laptop.device)

    await expect.poll(() => left, WAIT).toEqual([{ reason: 'unlinked' }])
    expect(await leftOf(laptop)).toBe('unlinked')
    for (const call of [laptop.devices.list(), laptop.messages.send(toBen, { text: 'after' })]) {
      expect(await refusal(call)).toBe('ERR_DEVICE_OUT +hint')
    }
    await expect
      .poll(() => removed.map(({ name, state }) => [name, state]), WAIT)
      .toEqual([['laptop', 'unlinked']])
    await expect.poll(() => devicesAt(ben, ada), WAIT).toBe(2)
  })
})

test('A8 OUT-2 what is written after an unlinking in a partition never reaches the unlinked, nor the other way', async () => {
  await using at = await stage()
  const { world, phone, laptop, desk, ben, ada, toBen } = at
  world.hub.partition([[laptop.device], [phone.device, desk.device, ben.device]])
  await phone.devices.unlink(laptop.device)
  await expect.poll(() => devicesAt(ben, ada), WAIT).toBe(2)
  await ben.messages.send(ada, { text: 'not for the laptop' })
  await desk.messages.send(toBen, { text: 'nor this' })
  await desk.contacts.rename(toBen, 'Benjamin')
  await expect.poll(() => textsOf(phone, toBen), WAIT).toHaveLength(2)
  // The laptop knows nothing of it, and goes on.
  await laptop.messages.send(toBen, { text: 'from the laptop' })
  await laptop.contacts.rename(toBen, 'Laptop’s Ben')
  const received = heard(laptop, 'message:received')

  world.hub.heal()

  await expect.poll(() => leftOf(laptop), WAIT).toBe('unlinked')
  expect(received).toEqual([])
  for (const device of [phone, desk]) {
    expect(await textsOf(device, toBen)).toEqual(['not for the laptop', 'nor this'])
    expect((await device.contacts.list()).map(({ name }) => name)).toEqual(['Benjamin'])
  }
  expect(await textsOf(ben, ada)).toEqual(['not for the laptop', 'nor this'])
})

test('A7 OUT-6 a contact seals nothing more for a removed device, and counts those that are in', async () => {
  await using at = await stage()
  const { world, phone, laptop, ben, ada } = at
  await world.stop(laptop)
  const sent = await ben.messages.send(ada, { text: 'to three' })
  const stateNow = async (): Promise<unknown> => (await ben.messages.get(sent.message))?.delivery
  await expect.poll(stateNow, WAIT).toMatchObject({ reached: 2, of: 3, read: false })
  expect((await ben.status()).pending).toBe(1)
  const counted = heard(ben, 'message:delivery')

  await phone.devices.suspend(laptop.device)

  await expect.poll(async () => (await ben.status()).pending, WAIT).toBe(0)
  expect(await stateNow()).toMatchObject({ reached: 2, of: 2, read: false })
  expect(counted.at(-1)).toMatchObject({ message: sent.message, delivery: { reached: 2, of: 2 } })
  await ben.messages.send(ada, { text: 'to two' })
  await expect.poll(async () => (await ben.status()).pending, WAIT).toBe(0)
})

describe('suspending', () => {
  test('OUT-13 with the first device off, another suspends a lost one', async () => {
    await using at = await stage()
    const { world, phone, laptop, desk, ben, ada } = at
    await world.stop(phone)
    const left = heard(laptop, 'account:left')

    expect(await desk.devices.suspend(laptop.device)).toMatchObject({
      state: 'suspended',
      suspended: { reason: 'lost', by: desk.device },
    })

    await expect.poll(() => left, WAIT).toEqual([{ reason: 'suspended' }])
    await expect.poll(() => devicesAt(ben, ada), WAIT).toBe(2)
  })

  test('OUT-16 OUT-3 a suspended device that shows up is readmitted without linking anew, and gets what it missed', async () => {
    await using at = await stage()
    const { world, phone, laptop, desk, ben, ada, toBen } = at
    await world.stop(laptop)
    await desk.devices.suspend(laptop.device)
    await expect.poll(() => stateOf(phone, laptop.device), WAIT).toBe('suspended')
    await expect.poll(() => devicesAt(ben, ada), WAIT).toBe(2)
    await ben.messages.send(ada, { text: 'while it was out' })
    await expect.poll(() => textsOf(phone, toBen), WAIT).toHaveLength(1)
    const [atPhone, atDesk] = [heard(phone, 'device:returned'), heard(desk, 'device:returned')]

    const back = await world.start('ada', 'laptop')
    await expect.poll(() => leftOf(back), WAIT).toBe('suspended')
    await expect.poll(() => atPhone.map(({ device }) => device), WAIT).toEqual([laptop.device])
    expect(atDesk).toEqual([])
    const ready = heard(back, 'account:ready')
    await phone.devices.readmit(laptop.device)

    await expect.poll(() => ready.length, WAIT).toBe(1)
    await expect.poll(() => textsOf(back, toBen), WAIT).toEqual(['while it was out'])
    await expect.poll(() => devicesAt(ben, ada), WAIT).toBe(3)
    await back.messages.send(toBen, { text: 'back again' })
    await expect.poll(() => textsOf(ben, ada), WAIT).toEqual(['while it was out', 'back again'])
    await expect.poll(() => textsOf(desk, toBen), WAIT).toHaveLength(2)
  })

  test('A9 two that suspend each other in a partition are both out, and both are taken back', async () => {
    await using at = await stage()
    const { world, phone, laptop, desk } = at
    world.hub.partition([[laptop.device], [desk.device], [phone.device]])
    await laptop.devices.suspend(desk.device)
    await desk.devices.suspend(laptop.device)

    world.hub.heal()

    for (const device of [laptop, desk]) {
      await expect.poll(() => leftOf(device), WAIT).toBe('suspended')
    }
    for (const device of [laptop, desk]) {
      await expect.poll(() => stateOf(phone, device.device), WAIT).toBe('suspended')
      await phone.devices.readmit(device.device)
    }
    for (const device of [laptop, desk])
      await expect.poll(() => leftOf(device), WAIT).toBe(undefined)
  })

  test('A9 OUT-7 two that suspend each other at the same time hear it from each other', async () => {
    await using at = await stage()
    const { world, phone, laptop, desk } = at
    await world.stop(phone)
    const outcomes = await Promise.allSettled([
      laptop.devices.suspend(desk.device),
      desk.devices.suspend(laptop.device),
    ])
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled'])
    for (const device of [laptop, desk]) {
      await expect.poll(() => leftOf(device), WAIT).toBe('suspended')
    }
  })

  test('A9 what an unlinked device does to others before it knows counts for nobody', async () => {
    await using at = await stage()
    const { world, phone, laptop, desk } = at
    world.hub.partition([[laptop.device], [desk.device, phone.device]])
    await phone.devices.unlink(laptop.device)
    await laptop.devices.suspend(desk.device)
    expect(await stateOf(laptop, desk.device)).toBe('suspended')

    world.hub.heal()

    await expect.poll(() => leftOf(laptop), WAIT).toBe('unlinked')
    expect(await stateOf(phone, desk.device)).toBe('active')
    expect(await leftOf(desk)).toBe(undefined)
    expect(await stateOf(desk, laptop.device)).toBe('unlinked')
  })

  test('OUT-14 whoever unlinks a device says again whom it had suspended', async () => {
    await using at = await stage()
    const { phone, laptop, desk } = at
    await laptop.devices.suspend(desk.device)
    await expect.poll(() => stateOf(phone, desk.device), WAIT).toBe('suspended')

    await phone.devices.unlink(laptop.device)

    expect(await stateOf(phone, desk.device)).toBe('suspended')
    const found = (await phone.devices.list()).find(({ device }) => device === desk.device)
    expect(found?.suspended).toMatchObject({ reason: 'lost', by: phone.device })
    await phone.devices.readmit(desk.device)
    await expect.poll(() => leftOf(desk), WAIT).toBe(undefined)
  })
})

test('OUT-8 a device that leaves is out for all, and can be taken back', async () => {
  await using at = await stage()
  const { phone, laptop, desk, ben, ada } = at
  await laptop.devices.leave()
  await expect.poll(() => leftOf(laptop), WAIT).toBe('left')
  for (const device of [phone, desk]) {
    await expect.poll(() => stateOf(device, laptop.device), WAIT).toBe('suspended')
  }
  await expect.poll(() => devicesAt(ben, ada), WAIT).toBe(2)
  await phone.devices.readmit(laptop.device)
  await expect.poll(() => leftOf(laptop), WAIT).toBe(undefined)
  expect(await stateOf(laptop, laptop.device)).toBe('active')
})

test('OUT-13 what a device may not do is refused before anything is written, and says who may', async () => {
  await using at = await stage()
  const { world, phone, laptop, desk, ben } = at
  const fresh = await world.newDevice('watch')
  await world.link(laptop, fresh)
  const seen = await desk.devices.list()
  const calls: readonly (readonly [string, Promise<unknown>])[] = [
    ['ERR_DEVICE_RIGHT +hint', desk.devices.unlink(laptop.device)],
    ['ERR_DEVICE_RIGHT +hint', desk.devices.unlink(phone.device)],
    ['ERR_DEVICE_RIGHT +hint', desk.devices.suspend(phone.device)],
    ['ERR_DEVICE_RIGHT +hint', fresh.devices.suspend(laptop.device)],
    ['ERR_DEVICE_SELF +hint', desk.devices.unlink(desk.device)],
    ['ERR_DEVICE_SELF +hint', desk.devices.suspend(desk.device)],
    ['ERR_DEVICE_SELF +hint', desk.devices.readmit(desk.device)],
    ['ERR_DEVICE_RIGHT +hint', phone.devices.leave()],
    ['ERR_NOT_FOUND', desk.devices.unlink(ben.device)],
    ['ERR_NOT_FOUND', desk.devices.suspend(ben.device)],
    ['nothing was refused', desk.devices.readmit(laptop.device)],
  ]
  for (const [code, call] of calls) expect(await refusal(call)).toBe(code)
  await desk.devices.suspend(laptop.device)
  await expect.poll(() => stateOf(fresh, laptop.device).catch(() => 'out'), WAIT).toBe('out')
  await expect.poll(() => stateOf(phone, laptop.device), WAIT).toBe('suspended')
  expect(await refusal(desk.devices.readmit(laptop.device))).toBe('ERR_DEVICE_RIGHT +hint')
  expect(await refusal(phone.devices.readmit(fresh.device))).toBe('ERR_DEVICE_RIGHT +hint')
  expect(seen.map(({ name, mayUnlink, maySuspend }) => [name, mayUnlink, maySuspend])).toEqual([
    ['phone', false, false],
    ['laptop', false, true],
    ['desk', false, false],
    ['watch', false, true],
  ])
})

test('OUT-15 a device that is killed behind the batch tells of the removal when it is up again', async () => {
  await using at = await stage()
  const { world, phone, laptop, desk, ben, ada } = at
  world.hub.partition([[phone.device]])
  await phone.devices.unlink(laptop.device)
  await world.stop(phone)
  world.hub.heal()
  expect(await stateOf(desk, laptop.device)).toBe('active')
  expect(await devicesAt(ben, ada)).toBe(3)

  await world.start('ada', 'phone')

  await expect.poll(() => stateOf(desk, laptop.device), WAIT).toBe('unlinked')
  await expect.poll(() => leftOf(laptop), WAIT).toBe('unlinked')
  await expect.poll(() => devicesAt(ben, ada), WAIT).toBe(2)
})

test('OUT-9 a temporary session is out when its time is over, for all and by itself', async () => {
  await using at = await stage()
  const { world, phone, desk, ben, ada, toBen } = at
  const session = await world.newDevice('session')
  await world.link(phone, session, { temporary: { hours: 1 } })
  await expect.poll(() => devicesAt(ben, ada), WAIT).toBe(4)
  await expect.poll(() => devicesAt(session, toBen), WAIT).toBe(1)
  const [left, removed] = [heard(session, 'account:left'), heard(desk, 'device:removed')]

  world.time.leap(60 * 60 * 1000 + 1)

  await expect.poll(() => left, WAIT).toEqual([{ reason: 'expired' }])
  await expect.poll(() => removed.map(({ name }) => name), WAIT).toEqual(['session'])
  await expect.poll(() => devicesAt(ben, ada), WAIT).toBe(3)
  await ben.messages.send(ada, { text: 'not for the session' })
  await expect.poll(async () => (await ben.status()).pending, WAIT).toBe(0)
})

test('OUT-7 a device that meets only a contact hears from it that it was unlinked', async () => {
  await using at = await stage()
  const { world, phone, laptop, desk, ben, ada } = at
  world.hub.partition([[phone.device, desk.device, ben.device], [laptop.device]])
  await phone.devices.unlink(laptop.device)
  await expect.poll(() => devicesAt(ben, ada), WAIT).toBe(2)
  world.hub.partition([
    [phone.device, desk.device],
    [laptop.device, ben.device],
  ])
  await expect.poll(() => leftOf(laptop), WAIT).toBe('unlinked')
})

test('OUT-1 entries asked for at the same time stand one behind the other, and nothing forks', async () => {
  await using at = await stage()
  const { world, phone, laptop, desk, ben } = at
  const forked = [phone, laptop, ben].map((device) => heard(device, 'device:forked'))
  const tablet = await world.newDevice('tablet-2')
  await Promise.all([
    world.link(phone, tablet),
    phone.devices.suspend(laptop.device),
    phone.devices.unlink(desk.device),
  ])
  expect(await stateOf(phone, laptop.device)).toBe('suspended')
  expect(await stateOf(phone, desk.device)).toBe('unlinked')
  expect(await stateOf(phone, tablet.device)).toBe('active')
  await phone.devices.readmit(laptop.device)
  await expect.poll(() => stateOf(laptop, tablet.device), WAIT).toBe('active')
  expect(forked).toEqual([[], [], []])
})

test('OUT-17 a session that is over is unlinked a day later, by who linked it, and gives its place free', async () => {
  await using at = await stage()
  const { world, phone, desk } = at
  const session = await world.newDevice('session')
  await world.link(phone, session, { temporary: { hours: 1 } })
  const left = heard(session, 'account:left')

  world.time.leap(HOUR_MS + 1)
  await expect.poll(() => left, WAIT).toEqual([{ reason: 'expired' }])
  expect(await revokesKnownTo(desk)).toBe(0)

  world.time.leap(36 * HOUR_MS)
  await expect.poll(() => revokesKnownTo(desk), WAIT).toBe(1)
})

describe('B8 two copies of one device', () => {
  test('OUT-12 that wrote two entries in one place are an alert for all, once for each proof', async () => {
    await using at = await stage()
    const { world, phone, laptop, desk, ben, ada } = at
    await world.stop(laptop)
    const backup = await world.backUp('ada', 'laptop')
    const original = await world.start('ada', 'laptop')
    await original.devices.suspend(desk.device)
    for (const device of [phone, ben]) {
      const count = async (): Promise<number | undefined> =>
        device === ben
          ? devicesAt(ben, ada)
          : (await stateOf(phone, desk.device)) === 'suspended'
            ? 2
            : 3
      await expect.poll(count, WAIT).toBe(2)
    }
    await world.stop(original)
    await world.restore(backup)
    const alerts = { phone: heard(phone, 'device:forked'), ben: heard(ben, 'device:forked') }
    world.hub.partition([[laptop.device]])
    const copy = await world.start('ada', 'laptop')
    await copy.devices.suspend(desk.device)

    world.hub.heal()

    const logOnly = (told: readonly { readonly kind: string }[]): number =>
      told.filter(({ kind }) => kind === 'log').length
    await expect.poll(() => logOnly(alerts.phone), WAIT).toBe(1)
    await expect.poll(() => logOnly(alerts.ben), WAIT).toBe(1)
    const [seen] = alerts.ben
    expect(seen).toMatchObject({ account: ada, device: laptop.device, own: false, kind: 'log' })
    expect(verifyForkProof(forkProofCodec.decode(seen?.proof ?? new Uint8Array()))).toBe(true)
    const again = await world.restart(ben)
    const repeated = heard(again, 'device:forked')
    await expect.poll(() => devicesAt(again, ada), WAIT).toBe(2)
    // As it was kept: noticed anew it would have the time of now.
    expect((await again.devices.alerts()).map(({ kind, at }) => [kind, at])).toEqual([
      ['log', seen?.at],
    ])
    expect(repeated).toEqual([])
  })

  test('OUT-12 that wrote two records in one place are an alert after one exchange', async () => {
    await using at = await stage()
    const { world, phone, laptop, desk, toBen } = at
    await world.stop(laptop)
    const backup = await world.backUp('ada', 'laptop')
    const original = await world.start('ada', 'laptop')
    await original.messages.send(toBen, { text: 'by the one' })
    await expect.poll(() => textsOf(phone, toBen), WAIT).toEqual(['by the one'])
    await world.stop(original)
    await world.restore(backup)
    const [atPhone, atDesk] = [heard(phone, 'device:forked'), heard(desk, 'device:forked')]
    world.hub.partition([[laptop.device]])
    const copy = await world.start('ada', 'laptop')
    await copy.messages.send(toBen, { text: 'by the other' })

    world.hub.heal()

    for (const told of [atPhone, atDesk]) {
      await expect.poll(() => told.length, WAIT).toBeGreaterThan(0)
      expect(told[0]).toMatchObject({ device: laptop.device, own: true, kind: 'records' })
    }
    expect(await stateOf(phone, laptop.device)).toBe('active')
  })
})

describe('idle devices', () => {
  /** Days pass one by one, so that whoever is up is up on each. */
  async function pass(world: World, days: number): Promise<void> {
    for (let day = 0; day < days; day++) {
      world.time.leap(DAY_MS / 2)
      await new Promise((resolve) => setImmediate(resolve))
      world.time.leap(DAY_MS / 2)
      await new Promise((resolve) => setImmediate(resolve))
    }
  }

  test('OUT-10 a device that nobody meets for 30 days is suspended, and readmitted without linking anew', async () => {
    await using at = await stage()
    const { world, phone, laptop, desk } = at
    await world.stop(laptop)
    await pass(world, 29)
    expect(await stateOf(phone, laptop.device)).toBe('active')
    const idleIn = async (): Promise<number | undefined> =>
      (await phone.devices.list()).find(({ device }) => device === laptop.device)?.idleIn
    expect(await idleIn()).toBe(1)
    await pass(world, 2)
    await expect.poll(() => stateOf(desk, laptop.device), WAIT).toBe('suspended')
    expect(await stateOf(desk, desk.device)).toBe('active')

    const back = await world.start('ada', 'laptop')
    await expect.poll(() => leftOf(back), WAIT).toBe('suspended')
    await phone.devices.readmit(laptop.device)
    await expect.poll(() => leftOf(back), WAIT).toBe(undefined)
    await pass(world, 1)
    expect(await stateOf(phone, laptop.device)).toBe('active')
  })

  test('OUT-11 with the first device off, companions that meet each other find who is idle, never the first', async () => {
    await using at = await stage()
    const { world, phone, laptop, desk } = at
    const tablet = await world.newDevice('tablet')
    await world.link(phone, tablet)
    await expect.poll(async () => (await desk.devices.list()).length, WAIT).toBe(4)
    await world.stop(phone)
    await world.stop(laptop)
    await pass(world, 29)
    expect(await stateOf(desk, laptop.device)).toBe('active')
    await pass(world, 3)
    await expect.poll(() => stateOf(desk, laptop.device), WAIT).toBe('suspended')
    const found = (await desk.devices.list()).find(({ device }) => device === laptop.device)
    expect(found?.suspended?.reason).toBe('idle')
    expect(await stateOf(desk, phone.device)).toBe('active')
    expect(await stateOf(desk, tablet.device)).toBe('active')
  })

  test('OUT-11 a device that comes back after 40 days suspends nobody, nor does one that was alone', async () => {
    await using at = await stage()
    const { world, phone, laptop, desk } = at
    await world.stop(laptop)
    await world.stop(desk)
    await world.stop(phone)
    world.time.leap(40 * DAY_MS)

    const back = await world.start('ada', 'laptop')
    await pass(world, 35)
    expect(await stateOf(back, desk.device)).toBe('active')
    const first = await world.start('ada', 'phone')
    await pass(world, 1)
    expect(await stateOf(first, desk.device)).toBe('active')
    expect(await stateOf(back, desk.device)).toBe('active')
  })
})
