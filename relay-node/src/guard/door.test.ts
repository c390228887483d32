import { once } from 'node:events'
import { connect } from 'node:net'
import { multiaddr } from '@multiformats/multiaddr'
import { afterEach, describe, expect, test } from 'vitest'
import { ask, openHop, RESERVE } from '../testing/raw-circuit.ts'
import { createWorld, tcpAddressOf } from '../testing/running.ts'
import { idleConnections } from './door.ts'

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

  test('RLY-7 D1 silent sockets of another address keep nobody out', async () => {
    const relay = await world.relay()
    const address = tcpAddressOf(relay)
    const port = Number(/\/tcp\/(\d+)/.exec(address)?.[1])
    // All of 127.0.0.0/8 is this machine, so an attacker can have an address of its own.
    const silent = Array.from({ length: 300 }, () =>
      connect({ port, host: '127.0.0.1', localAddress: '127.0.0.2' }).on('error', () => {}),
    )
    await Promise.all(silent.slice(0, 50).map((socket) => once(socket, 'connect')))
    for (let dialled = 0; dialled < 5; dialled += 1) {
      const honest = await world.peer({ circuit: false })
      const signal = AbortSignal.timeout(2_000)
      await expect(honest.dial(multiaddr(address), { signal })).resolves.toBeDefined()
    }
    for (const socket of silent) socket.destroy()
  })

  test('RLY-63 D2 where all connections are taken, those that carry nothing make room', async () => {
    const relay = await world.relay({ limits: { maxReservations: 1, maxCircuits: 1 } })
    const address = tcpAddressOf(relay)
    const peer = () => world.peer({ circuit: false })
    const reserved = await peer()
    await ask(reserved, address, RESERVE)
    const idle = await Promise.all([1, 2, 3].map(peer))
    await Promise.all(idle.map((one) => one.dial(multiaddr(address))))
    await expect.poll(() => relay.status().connections).toBe(4)
    const late = await peer()
    // the others have three seconds to ask for what they came for
    const status = async () => (await ask(late, address, RESERVE).catch(() => undefined))?.status
    await expect.poll(status, { interval: 500 }).toBe(200)
    expect(reserved.getConnections()).toHaveLength(1)
    expect(relay.status()).toMatchObject({ reservations: 1 })
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
    const later = { now: Date.now() + 61_000, isUsed: () => false }
    expect(idleConnections(unused, { ...later, now: Date.now() })).toEqual([])
    expect(idleConnections(unused, later)).toEqual(unused)
    expect(idleConnections(unused, { ...later, isUsed: () => true })).toEqual([])
  })
})
