import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import { createServer as createTcpServer, type Server } from 'node:net'
import { isNetError, probeRelay, type RelayProbe } from '@kithmesh/net'
import { afterEach, describe, expect, test } from 'vitest'
import { systemClock } from '../environment.ts'
import { createWorld, tcpAddressOf } from '../testing/running.ts'

const world = createWorld()
const servers: Server[] = []
afterEach(async () => {
  await world.stop()
  for (const server of servers.splice(0)) server.close()
})

async function probe(address: string): Promise<readonly RelayProbe[]> {
  const probes: RelayProbe[] = []
  // nobody answers STUN here, which is waited for to the end
  for await (const one of probeRelay(address, { clock: systemClock, patience: 2_000 })) {
    probes.push(one)
  }
  return probes
}

/** The hops as one line: `tcp ✓`. */
const told = (probes: readonly RelayProbe[]): readonly string[] =>
  probes.map(({ hop, ok }) => `${hop} ${ok ? '✓' : '✗'}`)

/** The sentence at the first hop that failed, and that no other has one. */
function hintOf(probes: readonly RelayProbe[]): string {
  const hints = probes.filter(({ hint }) => hint !== undefined)
  expect(hints).toHaveLength(1)
  expect(hints[0]).toBe(probes.find(({ ok }) => !ok))
  return hints[0]?.hint ?? ''
}

async function listening(server: Server): Promise<number> {
  servers.push(server.listen(0, '127.0.0.1'))
  await once(server, 'listening')
  const address = server.address()
  return typeof address === 'object' && address !== null ? address.port : 0
}

const OTHER = '12D3KooWCUQyZaD8T9XX4xqP49kLx6WdchzanqJ6So4BaHVAJz2Z'

describe('RLY-90 a relay is tried hop by hop', () => {
  test('all of an open one, over TCP and WebSocket', async () => {
    const relay = await world.relay()
    const plain = await probe(tcpAddressOf(relay))
    expect(told(plain.filter(({ hop }) => hop !== 'stun'))).toEqual([
      'resolve ✓',
      'tcp ✓',
      'noise ✓',
      'identify ✓',
      'reserve ✓',
      'circuit ✓',
    ])
    const ws = relay.addresses.find((address) => address.includes('/ws/')) ?? ''
    expect(told(await probe(ws)).slice(0, 4)).toEqual([
      'resolve ✓',
      'tcp ✓',
      'websocket ✓',
      'noise ✓',
    ])
  })

  test('a port where nothing listens', async () => {
    const server = createTcpServer()
    const port = await listening(server)
    server.close()
    const probes = await probe(`/ip4/127.0.0.1/tcp/${port}/p2p/${OTHER}`)
    expect(told(probes)).toEqual(['resolve ✓', 'tcp ✗'])
    expect(hintOf(probes)).toContain(`nothing listens on TCP ${port}`)
  })

  test('a name that leads nowhere', async () => {
    const probes = await probe(`/dns/relay.invalid/tcp/4001/p2p/${OTHER}`)
    expect(told(probes)).toEqual(['resolve ✗'])
    expect(hintOf(probes)).toContain('spelling')
  })

  test('a web server instead of a WebSocket', async () => {
    const answer: RequestListener = (_, response) => void response.writeHead(200).end('hello')
    const port = await listening(createServer(answer))
    const probes = await probe(`/ip4/127.0.0.1/tcp/${port}/ws/p2p/${OTHER}`)
    expect(told(probes)).toEqual(['resolve ✓', 'tcp ✓', 'websocket ✗'])
    expect(hintOf(probes)).toContain('Something else answers')
  })

  test('another relay at its address', async () => {
    const relay = await world.relay()
    const probes = await probe(tcpAddressOf(relay).replace(relay.peer, OTHER))
    expect(told(probes).slice(0, 3)).toEqual(['resolve ✓', 'tcp ✓', 'noise ✗'])
    expect(hintOf(probes)).toContain('The key is another')
  })

  test('a peer that is no relay', async () => {
    const peer = await world.peer({ circuit: false, listen: ['/ip4/127.0.0.1/tcp/0'] })
    const probes = await probe(peer.getMultiaddrs()[0]?.toString() ?? '')
    expect(told(probes).slice(0, 4)).toEqual(['resolve ✓', 'tcp ✓', 'noise ✓', 'identify ✗'])
    expect(hintOf(probes)).toContain('no relay')
  })

  test('one that is closed to strangers', async () => {
    const probes = await probe(tcpAddressOf(await world.relay({ open: false })))
    expect(told(probes).slice(3, 5)).toEqual(['identify ✓', 'reserve ✗'])
    expect(hintOf(probes)).toContain('kith relay claim CODE')
  })

  test('what is no address of a relay', async () => {
    const failed = await probe('/ip4/127.0.0.1/tcp/4001').catch((error: unknown) => error)
    expect(isNetError(failed, 'ERR_ADDRESS')).toBe(true)
  })
})
