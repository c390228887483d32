import { describe, test } from 'vitest'
import { createMemoryHub, createMemoryNet, createNet, type Net } from '../index.ts'
import { realClock, testIdentity, testRng } from '../testing/fixtures.ts'
import type { NetWorld } from './case.ts'
import { netCompliance } from './suite.ts'

/** A world whose nets are all stopped at the end. */
async function inWorld(
  create: (name: string) => Promise<Net>,
  run: (world: NetWorld) => Promise<void>,
): Promise<void> {
  const nets: Net[] = []
  try {
    await run({
      create: async () => {
        const net = await create(`peer-${nets.length}`)
        nets.push(net)
        return net
      },
      introduce: (a, b) => {
        a.setAddresses(b.peer, b.addresses())
        b.setAddresses(a.peer, a.addresses())
      },
    })
  } finally {
    await Promise.all(nets.map((net) => net.stop()))
  }
}

describe('compliance of the memory net', () => {
  test.for(netCompliance)('$rule $name', async ({ run }) => {
    const hub = createMemoryHub({ clock: realClock })
    await inWorld(async (name) => createMemoryNet(hub, { identity: testIdentity(name) }), run)
  })
})

describe.for(['tcp', 'tcp ws'])('compliance of the libp2p net over %s', (kind) => {
  const listen = `/ip4/127.0.0.1/${kind === 'tcp' ? 'tcp/0' : 'tcp/0/ws'}`

  test.for(netCompliance)('$rule $name', async ({ run }) => {
    const create = (name: string): Promise<Net> =>
      createNet({
        identity: testIdentity(name),
        listen: [listen],
        clock: realClock,
        rng: testRng(name),
      })
    await inWorld(create, run)
  })
})
