import { expect, test } from 'vitest'
import { heard, refusal, stage, stateOf, WAIT } from './standing-stage.ts'

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
