import { expect, test } from 'vitest'
import { accountOf, createDevices } from '../../test/devices.ts'

const WAIT = { timeout: 10_000, interval: 10 } as const

test('NODE-41 status says whether others reach this device, and the way to each device of a contact', async () => {
  const devices = createDevices()
  const [ada, ben] = [await devices.start('ada'), await devices.start('ben')]
  await devices.acquaint(ada, ben)
  const ways = async () => (await ada.status()).contacts
  const known = { contact: accountOf(ben), name: expect.any(String) }
  const { hub } = devices
  hub.setPath(ada.device, ben.device, 'relayed')
  const here = { device: ben.device, path: 'relayed', reason: 'In the same process' }
  await expect.poll(ways, WAIT).toMatchObject([{ ...known, devices: [here] }])
  expect(await ada.status()).toMatchObject({
    reachable: 'yes',
    reachableReason: expect.any(String),
  })
  hub.partition([[ada.device], [ben.device]])
  const away = { device: ben.device, path: 'away', reason: 'The connection was lost' }
  await expect
    .poll(ways, WAIT)
    .toMatchObject([{ ...known, devices: [{ ...away, lastSeen: expect.any(Number) }] }])
})
