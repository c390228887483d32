import type { AccountId, KithNode } from '@kithmesh/node'
import {
  createInviteCode,
  type InviteCode,
  parseDeviceId,
  parseInviteCode,
} from '@kithmesh/protocol'
import { expect, test } from 'vitest'
import { createWorld, type World } from './world.ts'

const WAIT = { timeout: 5_000, interval: 10 } as const
const DAY_MS = 24 * 60 * 60 * 1000

function accountOf(node: KithNode): AccountId {
  if (!node.account) throw new Error('no account yet')
  return node.account
}

async function namesOf(node: KithNode): Promise<readonly string[]> {
  return (await node.contacts.list()).map(({ name }) => name).sort()
}

/** The same code with something else in it. */
function changed(code: string, change: Partial<InviteCode>): string {
  return createInviteCode({ ...parseInviteCode(code), ...change })
}

/** Ada with two devices, Ben and Eve with one each; nobody knows anybody. */
async function strangers(): Promise<{
  readonly world: World
  readonly phone: KithNode
  readonly laptop: KithNode
  readonly ben: KithNode
  readonly eve: KithNode
}> {
  const world = await createWorld({ ada: ['phone', 'laptop'], ben: ['tablet'], eve: ['pc'] })
  return {
    world,
    phone: world.device('ada', 'phone'),
    laptop: world.device('ada', 'laptop'),
    ben: world.device('ben', 'tablet'),
    eve: world.device('eve', 'pc'),
  }
}

test('CON-1 an invite makes both contacts of each other, on all their devices, by name and device log', async () => {
  const { world, phone, laptop, ben } = await strangers()
  await using _ = world
  const { code } = await phone.contacts.invite()
  const added = await ben.contacts.add(code, { name: 'Ada' })
  expect(added).toEqual({
    contact: accountOf(phone),
    name: 'Ada',
    verified: false,
    devices: 2,
  })
  for (const device of [phone, laptop]) {
    await expect.poll(() => namesOf(device), WAIT).toEqual(['tablet'])
  }
  // The laptop was not asked by anybody: it has Ben's devices from its sibling.
  await expect
    .poll(async () => (await laptop.contacts.list()).map(({ devices }) => devices), WAIT)
    .toEqual([1])
})

test('CON-2 LNK-14 an invite that was used: ERR_CODE_USED for everybody else, again for the one who used it', async () => {
  const { world, phone, ben, eve } = await strangers()
  await using _ = world
  const { code } = await phone.contacts.invite()
  await ben.contacts.add(code)

  await expect(eve.contacts.add(code)).rejects.toMatchObject({ code: 'ERR_CODE_USED' })
  expect(await namesOf(eve)).toEqual([])
  expect(await namesOf(phone)).toEqual(['tablet'])

  await ben.contacts.rename(accountOf(phone), 'Ada')
  expect(await ben.contacts.add(code)).toMatchObject({ name: 'Ada' })
  expect(await namesOf(phone)).toEqual(['tablet'])
})

test('CON-2 of two who prove one invite at the same time one becomes a contact', async () => {
  const { world, phone, ben, eve } = await strangers()
  await using _ = world
  const { code } = await phone.contacts.invite()
  const outcomes = await Promise.allSettled([ben, eve].map((node) => node.contacts.add(code)))
  const reasons = outcomes.map((one) => (one.status === 'rejected' ? one.reason.code : 'added'))
  expect(reasons.sort()).toEqual(['ERR_CODE_USED', 'added'])
  expect(await namesOf(phone)).toHaveLength(1)
})

test('CON-3 LNK-13 after ten days an invite has ended: ERR_CODE_EXPIRED, no state on either side', async () => {
  const { world, phone, ben } = await strangers()
  await using _ = world
  const { code } = await phone.contacts.invite()
  world.time.leap(10 * DAY_MS)
  await expect(ben.contacts.add(code)).rejects.toMatchObject({ code: 'ERR_CODE_EXPIRED' })
  expect(await namesOf(ben)).toEqual([])
  expect(await namesOf(phone)).toEqual([])
  await world.acquaint(phone, ben)
})

test('CON-4 LNK-12 a sibling of the inviter answers for an invite it did not make', async () => {
  const { world, phone, laptop, ben } = await strangers()
  await using _ = world
  const { code } = await phone.contacts.invite()
  const atLaptop = changed(code, { device: parseDeviceId(laptop.device) })
  await expect
    .poll(
      () =>
        ben.contacts.add(atLaptop).then(
          () => 'added',
          () => 'not known there yet',
        ),
      WAIT,
    )
    .toBe('added')
  await expect.poll(() => namesOf(phone), WAIT).toEqual(['tablet'])
  await world.stop(laptop)
  await expect(world.device('eve', 'pc').contacts.add(code)).rejects.toMatchObject({
    code: 'ERR_CODE_USED',
  })
})

test('CON-5 one’s own invite, from either own device: ERR_LINK_ACCOUNT', async () => {
  const { world, phone, laptop } = await strangers()
  await using _ = world
  const { code } = await phone.contacts.invite()
  for (const device of [phone, laptop]) {
    await expect(device.contacts.add(code)).rejects.toMatchObject({ code: 'ERR_LINK_ACCOUNT' })
    expect(await namesOf(device)).toEqual([])
  }
})

test('CON-5 a code that was never given out, or that names another account than the one that answers, is refused', async () => {
  const { world, phone, ben, eve } = await strangers()
  await using _ = world
  const { code } = await phone.contacts.invite()
  const { secret } = parseInviteCode(code)
  const guessed = changed(code, { secret: secret.map((byte) => byte ^ 1) })
  await expect(ben.contacts.add(guessed)).rejects.toMatchObject({ code: 'ERR_CODE_WRONG_SECRET' })
  const misnamed = changed(code, { account: accountOf(eve) })
  await expect(ben.contacts.add(misnamed)).rejects.toMatchObject({ code: 'ERR_LINK_ACCOUNT' })
  expect(await namesOf(ben)).toEqual([])
  await expect(ben.contacts.add(code.slice(0, -2))).rejects.toMatchObject({
    code: 'ERR_CODE_MALFORMED',
  })
})

test('CON-6 nobody answers, the name cannot be, or the caller gives up: nothing is kept', async () => {
  const { world, phone, ben } = await strangers()
  await using _ = world
  const { code } = await phone.contacts.invite()
  await expect(ben.contacts.add(code, { name: '' })).rejects.toMatchObject({ code: 'ERR_NAME' })
  const reason = new Error('enough')
  await expect(ben.contacts.add(code, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
  world.hub.partition([[ben.device]])
  await expect(ben.contacts.add(code)).rejects.toMatchObject({ code: 'ERR_UNREACHABLE' })
  expect(await namesOf(ben)).toEqual([])
})
