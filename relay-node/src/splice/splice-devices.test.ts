import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { connect as connectTcp, createServer, type Socket } from 'node:net'
import {
  createHost,
  createNet,
  type Host,
  type HostOptions,
  type Net,
  SPLICE_PROTOCOL,
} from '@kithmesh/net'
import type { Connection, Stream } from '@libp2p/interface'
import { multiaddr } from '@multiformats/multiaddr'
import { afterEach, describe, expect, test } from 'vitest'
import { generateKeyPem, identityFromPem } from '../home/identity.ts'
import type { Relay } from '../relay-options.ts'
import { createWorld, tcpAddressOf } from '../testing/running.ts'
import { circuitAddress, createStockPeer } from '../testing/stock-peer.ts'

const world = createWorld()
const running: { stop(): unknown }[] = []
afterEach(async () => {
  await Promise.all(running.splice(0).map((one) => one.stop()))
  await world.stop()
})

const SINK = '/test/sink/1'
const MIB = 1024 * 1024

/** Our own device, as the net of a device makes it. */
async function device(options: Partial<HostOptions> = {}): Promise<Host> {
  const host = await createHost({ identity: identityFromPem(generateKeyPem()), ...options })
  running.push(host)
  return host
}

/** A device that is reachable at a relay. */
async function reserved(relay: string, options: Partial<HostOptions> = {}): Promise<Host> {
  const host = await device(options)
  const connection = await host.dial(multiaddr(relay))
  await host.services.circuit?.reserve(connection)
  return host
}

/** The whole network of a device, which reaches others over the relay alone. */
async function net(relay: string): Promise<Net> {
  const made = await createNet({
    identity: identityFromPem(generateKeyPem()),
    clock: { now: Date.now, monotonic: () => performance.now() },
    rng: { bytes: (length) => Uint8Array.from(randomBytes(length)) },
    lan: false,
    listen: [],
    relays: [relay],
  })
  running.push(made)
  return made
}

function dial(from: Host, relay: string, to: { readonly peerId: Host['peerId'] }) {
  return from.services.transports.dial(multiaddr(`${relay}/p2p-circuit/p2p/${to.peerId}`), {
    signal: AbortSignal.timeout(15_000),
  })
}

const webSocketOf = (relay: Relay): string =>
  relay.addresses.find((address) => address.includes('/ws/')) ?? ''

describe('NET-70 a relayed connection is spliced', () => {
  test('NET-70 RLY-50 whole libp2p connections run over it, and the relay opens no circuit', async () => {
    const relay = await world.relay()
    const address = tcpAddressOf(relay)
    const [ada, ben] = await Promise.all([reserved(address), device()])
    const received = receive(ada)
    const connection = await dial(ben, address, ada)
    expect(connection.remotePeer.equals(ada.peerId)).toBe(true)
    expect(connection.remoteAddr.toString()).toBe(`${address}/p2p-circuit/p2p/${ada.peerId}`)
    expect([connection.direct, connection.limits]).toEqual([false, undefined])
    expect(await send(connection, 16 * MIB)).toEqual(await received)
    expect(relay.status()).toMatchObject({ circuits: 1, splices: 1 })
    expect(circuitsOf(ben), 'no stream of the relay carries it').toBe(0)
    await connection.close()
    await expect.poll(() => relay.status().circuits).toBe(0)
    await expect.poll(() => ada.getConnections(ben.peerId)).toEqual([])
  })

  test('NET-70 the one that was dialled knows who dialled, by Noise and not by the relay', async () => {
    const relay = await world.relay()
    const address = tcpAddressOf(relay)
    const [ada, ben] = await Promise.all([reserved(address), device()])
    await dial(ben, address, ada)
    await expect.poll(() => ada.getConnections(ben.peerId).map(String).length).toBe(1)
    const [inbound] = ada.getConnections(ben.peerId)
    expect(inbound?.direction).toBe('inbound')
    expect(inbound?.encryption).toBe('/noise')
    expect(inbound?.remoteAddr.toString()).toContain('/p2p-circuit/p2p/')
  })

  test.each([
    ['WebSocket to TCP', (relay: Relay) => [webSocketOf(relay), tcpAddressOf(relay)] as const],
    ['TCP to WebSocket', (relay: Relay) => [tcpAddressOf(relay), webSocketOf(relay)] as const],
    ['WebSocket both', (relay: Relay) => [webSocketOf(relay), webSocketOf(relay)] as const],
  ])('NET-71 over %s, at the address each reached the relay at', async (_name, pick) => {
    const relay = await world.relay()
    const [from, to] = pick(relay)
    const [ada, ben] = await Promise.all([reserved(to), device()])
    const received = receive(ada)
    const connection = await dial(ben, from, ada)
    expect(await send(connection, 8 * MIB)).toEqual(await received)
    expect(relay.status().splices).toBe(1)
    await connection.close()
    await expect.poll(() => relay.status().circuits).toBe(0)
  })

  test('NET-59 both ends say that it is a splice, and of a circuit that it is one', async () => {
    const stock = await createStockPeer({
      listen: ['/ip4/127.0.0.1/tcp/0'],
      circuit: false,
      relay: true,
    })
    running.push(stock)
    const plain = stock.getMultiaddrs()[0]?.toString() ?? ''
    for (const [address, over] of [
      [tcpAddressOf(await world.relay()), 'splice'],
      [plain, 'circuit'],
    ] as const) {
      const [ada, ben] = await Promise.all([net(address), net(address)])
      ada.keep([ben.peer])
      ben.keep([ada.peer])
      const ways = () => [ada.reachability(ben.peer), ben.reachability(ada.peer)]
      const way = { path: 'relayed', over }
      await expect.poll(ways, { timeout: 10_000 }).toMatchObject([way, way])
    }
  })

  test('NET-70 a dead peer is no secret: its socket closes the other', async () => {
    const relay = await world.relay()
    const address = tcpAddressOf(relay)
    const [ada, ben] = await Promise.all([reserved(address), device()])
    const connection = await dial(ben, address, ada)
    await expect.poll(() => ada.getConnections(ben.peerId).length).toBe(1)
    for (const one of ada.getConnections(ben.peerId)) one.abort(new Error('gone'))
    await expect.poll(() => connection.status).not.toBe('open')
    await expect.poll(() => relay.status().circuits).toBe(0)
  })
})

describe('NET-73 falls back to the circuit by itself', () => {
  test('NET-73 a stock client is dialled over a circuit, and dials us over one', async () => {
    const relay = await world.relay()
    const address = tcpAddressOf(relay)
    const stock = await world.peer({ listen: [`${address}/p2p-circuit`] })
    const ada = await reserved(address)
    const received = receive(stock)
    expect(await send(await dial(ada, address, stock), MIB)).toEqual(await received)
    const back = receive(ada)
    const connection = await stock.dial(circuitAddress(address, ada), { force: true })
    expect(await send(connection, MIB)).toEqual(await back)
    expect(relay.status()).toMatchObject({ circuits: 2, splices: 0 })
  })

  test('NET-73 a relay that knows no splices is asked once', async () => {
    const stockRelay = await createStockPeer({
      listen: ['/ip4/127.0.0.1/tcp/0'],
      circuit: false,
      relay: true,
    })
    running.push(stockRelay)
    const address = stockRelay.getMultiaddrs()[0]?.toString() ?? ''
    const [ada, ben] = await Promise.all([reserved(address), device()])
    const toRelay = await ben.dial(multiaddr(address))
    const asked: unknown[] = []
    const { newStream } = toRelay
    toRelay.newStream = (protocols, options) => {
      if (protocols === SPLICE_PROTOCOL) asked.push(protocols)
      return newStream.call(toRelay, protocols, options)
    }
    const received = receive(ada)
    const connection = await dial(ben, address, ada)
    expect(await send(connection, MIB)).toEqual(await received)
    await dial(ben, address, ada)
    expect(asked).toHaveLength(1)
  })

  test('NET-73 a network that lets nothing but one connection through', async () => {
    const relay = await world.relay()
    const narrow = await oneConnection(tcpAddressOf(relay))
    const [ada, ben] = await Promise.all([reserved(tcpAddressOf(relay)), device()])
    await ben.dial(multiaddr(narrow))
    const received = receive(ada)
    expect(await send(await dial(ben, narrow, ada), MIB)).toEqual(await received)
    expect(relay.status()).toMatchObject({ circuits: 1, splices: 0 })
  })

  test('NET-73 the one that is dialled behind such a network', async () => {
    const relay = await world.relay()
    const narrow = await oneConnection(tcpAddressOf(relay))
    const [ada, ben] = await Promise.all([reserved(narrow), device()])
    const received = receive(ada)
    expect(await send(await dial(ben, tcpAddressOf(relay), ada), MIB)).toEqual(await received)
    expect(relay.status()).toMatchObject({ circuits: 1, splices: 0 })
  })

  test('NET-73 what would be refused of a circuit too is not asked twice', async () => {
    const relay = await world.relay()
    const address = tcpAddressOf(relay)
    const [ada, ben] = await Promise.all([device(), device()])
    await expect(dial(ben, address, ada)).rejects.toThrow('the device is not connected to it')
  })
})

describe('NET-72 whom a device lets itself be sent to', () => {
  test('NET-22 NET-72 a relay it did not choose cannot send it anywhere', async () => {
    const relay = await world.relay()
    const address = tcpAddressOf(relay)
    const [ada, ben] = await Promise.all([reserved(address), device()])
    ada.services.circuit?.release(relayIdOf(ada, relay))
    await expect(dial(ben, address, ada)).rejects.toMatchObject({ code: 'ERR_UNREACHABLE' })
    expect(relay.status().splices).toBe(0)
  })
})

/** How many streams of ours carry circuits. */
function circuitsOf(host: Host): number {
  return host
    .getConnections()
    .flatMap(({ streams }) => streams)
    .filter(({ protocol }) => protocol.startsWith('/libp2p/circuit/')).length
}

function relayIdOf(host: Host, relay: Relay): Host['peerId'] {
  const connection = host
    .getConnections()
    .find(({ remotePeer }) => String(remotePeer) === relay.peer)
  if (connection === undefined) throw new Error('not connected to the relay')
  return connection.remotePeer
}

/** A way to a relay that takes one connection and resets every other. */
async function oneConnection(relay: string): Promise<string> {
  const port = Number(/\/tcp\/(\d+)/.exec(relay)?.[1])
  const sockets: Socket[] = []
  const server = createServer((near) => {
    near.on('error', () => {})
    if (sockets.length > 0) return void near.resetAndDestroy()
    const far = connectTcp(port, '127.0.0.1')
    far.on('error', () => {})
    near.pipe(far).pipe(near)
    sockets.push(near, far)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  running.push({
    stop: () => {
      server.close()
      for (const socket of sockets) socket.destroy()
    },
  })
  const at = server.address()
  return relay.replace(/\/tcp\/\d+/, `/tcp/${typeof at === 'object' ? at?.port : ''}`)
}

/** Resolves with the hash of what one stream of {@link SINK} carried, when it ends. */
function receive(host: Pick<Host, 'handle'>): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  void host.handle(SINK, async (stream) => {
    const hash = createHash('sha256')
    stream.addEventListener('message', ({ data }) => hash.update(data.subarray()))
    stream.addEventListener('end', () => resolve(hash.digest('hex')))
    stream.addEventListener('close', ({ error }) => error && reject(error))
  })
  return promise
}

async function send(connection: Connection, total: number): Promise<string> {
  const stream = await connection.newStream(SINK)
  const hash = createHash('sha256')
  const chunk = randomBytes(64 * 1024)
  for (let sent = 0; sent < total; sent += chunk.length) {
    hash.update(chunk)
    if (!stream.send(Uint8Array.from(chunk))) await drained(stream)
  }
  await stream.close()
  return hash.digest('hex')
}

function drained(stream: Stream): Promise<void> {
  return new Promise((resolve, reject) => {
    stream.addEventListener('drain', () => resolve(), { once: true })
    stream.addEventListener('close', () => reject(new Error('closed')), { once: true })
  })
}
