import { forkProofCodec, verifyForkProof } from '@kithmesh/protocol'
import { describe, expect, test } from 'vitest'
import { devicesAt, heard, stage, stateOf, textsOf, WAIT } from './standing-stage.ts'

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
