import { expect, test } from 'vitest'
import { createStage, type Home } from '../processes/stage.ts'
import { createNetwork, ip, missing } from './namespaces.ts'

const STORY_MS = 120_000
/** An announcement is heard at once; a lost one comes again within 20 s. */
const FOUND = { timeout: 40_000, interval: 100 } as const
const LISTEN = ['--listen', '/ip6/::/tcp/0']

/** Addresses of a home's own, and public ones as most providers give them out. */
test.skipIf(missing !== '').each([
  ['private', 'fd4b:4954:4801:1::'],
  ['public', '2001:db8:77:1::'],
])(
  `NET-40 NET-45 on a network that has IPv6 alone, with %s addresses, two devices find each other${missing}`,
  async (_, prefix) => {
    await using network = await createNetwork()
    await using stage = await createStage()
    const lines = [await network.host(), await network.host()] as const
    for (const [index, { namespace }] of lines.entries()) {
      await ip('-n', namespace, 'address', 'flush', 'dev', 'line', 'scope', 'global')
      const address = `${prefix}${index + 2}/64`
      await ip('-n', namespace, 'address', 'add', address, 'dev', 'line', 'nodad')
    }
    const [phone, laptop] = await Promise.all([
      stage.home('phone', 'ready', LISTEN, lines[0].namespace),
      stage.home('laptop', 'link-code', LISTEN, lines[1].namespace),
    ])
    await stage.link(phone, laptop)
    // Both have other ports afterwards, which only their announcements tell.
    await Promise.all([phone.program.kill('SIGKILL'), laptop.program.kill('SIGKILL')])
    await Promise.all([phone.up(), laptop.up()])
    await expect.poll(() => reasonOf('laptop', phone), FOUND).toContain(`at ${prefix}3`)
  },
  STORY_MS,
)

async function reasonOf(name: string, from: Home): Promise<unknown> {
  const { events } = await from.kith('status')
  const [status] = JSON.parse(JSON.stringify(events))
  return status.devices.find((device: { name: string }) => device.name === name)?.reason
}
