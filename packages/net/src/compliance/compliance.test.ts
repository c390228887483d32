import { describe, expect, test } from 'vitest'
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

test('NET-12 NET-13 NET-14 NET-15 NET-16 NET-17 NET-18 NET-25 NET-33 NET-34 NET-37 NET-50 each have a case', () => {
  const kept = [12, 13, 14, 15, 16, 17, 18, 25, 33, 34, 37].map((number) => `NET-${number}`)
  expect(netCompliance.map(({ rule }) => rule)).toEqual(expect.arrayContaining(kept))
})

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
