import { createServer, createConnection as dialTcp, type Server, type Socket } from 'node:net'
import { multiaddr } from '@multiformats/multiaddr'
import { afterEach, describe, expect, test } from 'vitest'
import { createNet, type Net, type NetOptions } from './index.ts'
import { ECHO, echoed, serveEcho } from './testing/echo.ts'
import { realClock, testIdentity, testRng } from './testing/fixtures.ts'
import { startTestRelay } from './testing/test-relay.ts'

const running: { stop(): Promise<void> }[] = []
let nextPort = 50_000 + (process.pid % 10_000)

async function device(name: string, options: Partial<NetOptions> = {}): Promise<Net> {
  const net = await createNet({
    identity: testIdentity(name),
    listen: ['/ip4/127.0.0.1/tcp/0'],
    clock: realClock,
    rng: testRng(name),
    lanPort: nextPort++,
    ...options,
  })
  serveEcho(net)
  running.push(net)
  return net
}

afterEach(async () => {
  await Promise.all(running.splice(0).map((one) => one.stop()))
})

const soon = { timeout: 12_000, interval: 10 }

describe('NET-32 dialling', () => {
  test('NET-32 the LAN goes before the relay, though the relay is connected already', async () => {
    const relay = await startTestRelay('relay')
    running.push(relay)
    const ada = await device('ada', { relays: [relay.address] })
    const ben = await device('ben', { relays: [relay.address] })
    await expect.poll(() => ben.relays()[0]?.state, soon).toBe('ready')
    await expect.poll(() => ada.relays()[0]?.state, soon).toBe('ready')
    expect(ben.addresses().map((one) => one.includes('/p2p-circuit'))[0]).toBe(false)
    ada.setAddresses(ben.peer, [...ben.addresses()].reverse())
    expect(await echoed(ada, ben)).toBe('lan')
    expect(ada.reachability(ben.peer)).toMatchObject({ path: 'lan', over: 'tcp' })
  })

  test('NET-32 addresses that swallow everything cost a moment, not a timeout', async () => {
    const silent = await listening(createServer(() => {}))
    const ben = await device('ben')
    const ada = await device('ada')
    const stale = `/ip4/127.0.0.1/tcp/${silent}`
    const elsewhere = Array.from({ length: 3 }, (_, index) => `/ip4/203.0.113.${index}/tcp/9`)
    ada.setAddresses(ben.peer, [...elsewhere, stale, ...ben.addresses()])
    const began = performance.now()
    expect(await echoed(ada, ben)).toBe('lan')
    expect(performance.now() - began).toBeLessThan(2_500)
  })

  test('NET-32 whoever answers at an address of a peer has to be that peer', async () => {
    const ben = await device('ben')
    const eve = await device('eve')
    const ada = await device('ada')
    const address = eve.addresses()[0]?.replace(/\/p2p\/.*$/, '') ?? ''
    ada.setAddresses(ben.peer, [address])
    await expect(ada.open(ben.peer, ECHO)).rejects.toMatchObject({
      code: 'ERR_UNREACHABLE',
      message: 'Its one known address does not answer',
    })
  })
})

describe('NET-34 two that dial each other at once', () => {
  test('NET-34 hear of each other once and lose nothing', async () => {
    const ada = await device('ada')
    const ben = await device('ben')
    ada.setAddresses(ben.peer, ben.addresses())
    ben.setAddresses(ada.peer, ada.addresses())
    const heard: string[] = []
    for (const type of ['peer:connected', 'peer:disconnected'] as const) {
      ada.addEventListener(type, () => heard.push(type))
    }
    ada.keep([ben.peer])
    ben.keep([ada.peer])
    await expect.poll(() => ada.connected(), soon).toEqual([ben.peer])
    await expect.poll(() => echoed(ben, ada).catch(() => ''), soon).toBe('lan')
    expect(await echoed(ada, ben)).toBe('lan')
    expect(heard).toEqual(['peer:connected'])
  })
})

describe('NET-26 a peer that vanished without a word', () => {
  test('NET-26 is noticed by the heartbeat, and back as soon as it answers', async () => {
    const ben = await device('ben')
    const line = await silentLine(Number(multiaddr(ben.addresses()[0]).getComponents()[1]?.value))
    const ada = await device('ada', { heartbeat: 300 })
    ada.setAddresses(ben.peer, [`/ip4/127.0.0.1/tcp/${line.port}`])
    ada.keep([ben.peer])
    await expect.poll(() => ada.connected(), soon).toEqual([ben.peer])
    line.cut()
    await expect.poll(() => ada.reachability(ben.peer).path, soon).toBe('away')
    line.mend()
    await expect.poll(() => ada.reachability(ben.peer).path, soon).toBe('lan')
  })
})

/** When the first try finds no way, the next one comes from the other end, 8 s later (NET-53). */
const secondTry = { timeout: 30_000, interval: 10 }

describe('NET-35 WebRTC', () => {
  test('NET-35 two devices that only a relay joins talk directly soon after', async () => {
    const relay = await startTestRelay('relay')
    running.push(relay)
    const ada = await device('ada', { relays: [relay.address], listen: [] })
    const ben = await device('ben', { relays: [relay.address], listen: [] })
    ada.keep([ben.peer])
    ben.keep([ada.peer])
    await expect.poll(() => ada.reachability(ben.peer).path, secondTry).toBe('direct')
    expect(ada.reachability(ben.peer)).toMatchObject({
      over: 'webrtc',
      reason: 'Directly, by WebRTC',
    })
    expect(await echoed(ada, ben)).toBe('direct')
  })
})

async function listening(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const sockets = new Set<Socket>()
  server.on('connection', (socket) => sockets.add(socket))
  running.push({
    stop: async () => {
      for (const socket of sockets) socket.destroy()
      server.close()
    },
  })
  const address = server.address()
  return typeof address === 'object' && address !== null ? address.port : 0
}

/** A line to a port that can fall silent: nothing is closed, nothing comes through. */
async function silentLine(target: number): Promise<{ port: number; cut(): void; mend(): void }> {
  let isCut = false
  const server = createServer((near) => {
    const far = dialTcp(target, '127.0.0.1')
    near.on('data', (bytes) => isCut || far.write(bytes))
    far.on('data', (bytes) => isCut || near.write(bytes))
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      one.on('error', () => {})
      one.on('close', () => isCut || other.destroy())
    }
  })
  const port = await listening(server)
  return {
    port,
    cut: () => {
      isCut = true
    },
    mend: () => {
      isCut = false
    },
  }
}
