import { lpStream } from '@libp2p/utils'
import { afterEach, describe, expect, test } from 'vitest'
import { createHost, type Host } from '../index.ts'
import { startRelayKeeper } from '../relays/relay-keeper.ts'
import { createRelayList } from '../relays/relay-list.ts'
import { realClock, testIdentity, testRng } from '../testing/fixtures.ts'
import { startTestRelay } from '../testing/test-relay.ts'
import { createConnections } from '../ways/connections.ts'
import { CIRCUIT_STATUS, STOP_PROTOCOL, stopMessageCodec } from './messages.ts'

const running: { stop(): Promise<void> | void }[] = []
const soon = { timeout: 10_000, interval: 10 }

afterEach(async () => {
  await Promise.all(running.splice(0).map((one) => one.stop()))
})

async function host(name: string): Promise<Host> {
  const made = await createHost({
    identity: testIdentity(name),
    listen: ['/ip4/127.0.0.1/tcp/0'],
  })
  running.push(made)
  return made
}

describe('NET-22 circuits', () => {
  test('NET-22 a peer that is no relay of ours cannot pass a circuit on to us', async () => {
    const ada = await host('ada')
    const eve = await host('eve')
    const stream = await eve.dialProtocol(ada.getMultiaddrs(), STOP_PROTOCOL)
    const lp = lpStream(stream)
    const peer = eve.peerId.toMultihash().bytes
    await lp.write(stopMessageCodec.encode({ kind: 'connect', peer }))
    const answer = stopMessageCodec.decode((await lp.read()).subarray())
    expect(answer).toEqual({ kind: 'status', status: CIRCUIT_STATUS.permissionDenied })
    expect(ada.getMultiaddrs().map(String).join()).not.toContain('p2p-circuit')
  })

  test('NET-22 what is no circuit message ends the stream and nothing else', async () => {
    const ada = await host('ada')
    const eve = await host('eve')
    const stream = await eve.dialProtocol(ada.getMultiaddrs(), STOP_PROTOCOL)
    await lpStream(stream).write(new Uint8Array(100).fill(0xff))
    await expect.poll(() => stream.status, soon).toBe('reset')
    expect(eve.getConnections(ada.peerId)[0]?.status).toBe('open')
  })
})

describe('NET-23 reservations', () => {
  test('NET-23 are renewed when half of their time is over, on the same connection', async () => {
    const relay = await startTestRelay('relay')
    const ada = await host('ada')
    let passed = 0
    let reservations = 0
    const { circuit } = ada.services
    if (circuit === undefined) throw new Error('a host has circuits')
    const { reserve } = circuit
    circuit.reserve = (connection, options) => {
      reservations += 1
      return reserve(connection, options)
    }
    const keeper = startRelayKeeper({
      host: ada,
      connections: createConnections(ada),
      relays: createRelayList([relay.address]),
      suspect: () => {},
      clock: { now: realClock.now, monotonic: () => realClock.monotonic() + passed },
      rng: testRng('renew'),
      onChange: () => {},
    })
    running.push(relay, keeper)
    await expect.poll(() => keeper.states()[0]?.state, soon).toBe('ready')
    keeper.wake()
    expect(reservations).toBe(1)
    passed = 16 * 60 * 1_000
    keeper.wake()
    await expect.poll(() => reservations, soon).toBe(2)
    expect(keeper.states()[0]?.state).toBe('ready')
    expect(ada.getConnections()).toHaveLength(1)
  })

  test('NET-24 the relayed address is announced while the reservation stands and no longer', async () => {
    const relay = await startTestRelay('relay')
    const ada = await host('ada')
    const keeper = startRelayKeeper({
      host: ada,
      connections: createConnections(ada),
      relays: createRelayList([relay.address, relay.address.replace('127.0.0.1', '127.0.0.2')]),
      suspect: () => {},
      clock: realClock,
      rng: testRng('announce'),
      onChange: () => {},
    })
    running.push(keeper)
    const relayed = (): readonly string[] =>
      ada
        .getMultiaddrs()
        .map(String)
        .filter((one) => one.includes('p2p-circuit'))
    await expect.poll(relayed, soon).toContain(`${relay.address}/p2p-circuit/p2p/${ada.peerId}`)
    expect(keeper.states().map(({ state }) => state)).toEqual(['ready', 'ready'])
    await relay.stop()
    await expect.poll(relayed, soon).toEqual([])
  })
})
