import type { KithNode, NearbyDevice } from '@kithmesh/node'
import { describe, expect, test } from 'vitest'
import { twoScreens } from './two-screens.ts'
import { createWorld } from './world.ts'

const WAIT = { timeout: 15_000, interval: 20 } as const

/** The first device of this name that waits nearby; others on this machine may wait, too. */
async function findNearby(node: KithNode, name: string): Promise<NearbyDevice | undefined> {
  const signal = AbortSignal.timeout(WAIT.timeout)
  for await (const found of node.devices.nearby({ signal })) if (found.name === name) return found
  return undefined
}

describe('over real sockets on one network', () => {
  test('DEV-41 NET-47 a device is found nearby and linked, without a code', {
    timeout: 40_000,
  }, async () => {
    await using world = await createWorld({ ada: ['laptop'] }, 'lan')
    const laptop = world.device('ada', 'laptop')
    const name = `phone ${process.pid}`
    const phone = await world.newDevice(name)
    const screens = twoScreens()
    await phone.linking.offer({ confirm: screens.fresh })

    const found = await findNearby(laptop, name)
    expect(found).toMatchObject({ device: phone.device, kind: 'cli' })
    const linking = laptop.devices.linkNearby(phone.device, { confirm: screens.existing })
    await expect.poll(() => Object.values(screens.shown()).every(Boolean), WAIT).toBe(true)
    screens.look()

    expect(await linking).toMatchObject({ name, path: 'lan' })
    await expect.poll(() => phone.account, WAIT).toBe(laptop.account)
  })

  test('LNK-16 a new device joins by the code of an existing one', {
    timeout: 40_000,
  }, async () => {
    await using world = await createWorld({ ada: ['laptop'] }, 'lan')
    const laptop = world.device('ada', 'laptop')
    const phone = await world.newDevice('phone')
    const distances: string[] = []
    const { code } = await laptop.devices.offer({
      confirm: async ({ distance }) => {
        distances.push(distance)
        return true
      },
    })
    await phone.linking.join(code, { confirm: async () => true })
    expect(distances).toEqual(['near'])
    expect(phone.account).toBe(laptop.account)
  })
})
