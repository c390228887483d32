import { multiaddr } from '@multiformats/multiaddr'
import { afterEach, describe, expect, test } from 'vitest'
import { idleConnections } from './door.ts'
import { ask, openHop, RESERVE } from './testing/raw-circuit.ts'
import { createWorld, tcpAddressOf } from './testing/running.ts'

const world = createWorld()
afterEach(() => world.stop())

describe('who is let in', () => {
  test('RLY-7 D1 D3 one address cannot take all connections', async () => {
    const relay = await world.relay({ limits: { maxConnectionsPerAddress: 2 } })
    const address = tcpAddressOf(relay)
    const [ada, ben, eve] = await Promise.all([1, 2, 3].map(() => world.peer({ circuit: false })))
    const dial = (peer: typeof ada) => peer?.dial(multiaddr(address))
    await dial(ada)
    await dial(ben)
    await expect(dial(eve)).rejects.toThrow()
    await ada?.stop()
    await expect.poll(() => relay.status().connections).toBe(1)
    await expect(dial(eve)).resolves.toBeDefined()
  })

  test('RLY-11 D3 a connection nobody uses is closed, a reserved or asking one is not', async () => {
    const host = await world.peer({ circuit: false, listen: ['/ip4/127.0.0.1/tcp/0'] })
    const relay = await world.relay()
    const [silent, asking, reserved] = await Promise.all(
      [1, 2, 3].map(() => world.peer({ circuit: false })),
    )
    await silent?.dial(host.getMultiaddrs())
    if (asking === undefined || reserved === undefined) throw new Error('no peers')
    await openHop(asking, tcpAddressOf(relay))
    await ask(reserved, tcpAddressOf(relay), RESERVE)
    const unused = host.getConnections()
    const later = { now: Date.now() + 61_000, isReserved: () => false }
    expect(idleConnections(unused, { ...later, now: Date.now() })).toEqual([])
    expect(idleConnections(unused, later)).toEqual(unused)
    expect(idleConnections(unused, { ...later, isReserved: () => true })).toEqual([])
    expect(idleConnections(asking.getConnections(), later)).toEqual([])
  })
})
