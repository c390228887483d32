import { once } from 'node:events'
import { createServer } from 'node:net'
import { multiaddr } from '@multiformats/multiaddr'
import { afterEach, describe, expect, test } from 'vitest'
import { checkFree, defaultListen, isOf, parseListen, publicAddresses } from './listen.ts'
import { createWorld } from './testing/running.ts'

const world = createWorld()
afterEach(() => world.stop())

describe('addresses to listen on', () => {
  test('RLY-6 the default is UDP for browsers, TCP for programs, WebSocket beside them', () => {
    const transports = defaultListen().map(parseListen)
    const ip4 = transports.filter(({ family }) => family === 4)
    expect(ip4.map(({ transport, port }) => [transport, port])).toEqual([
      ['webrtc-direct', 4001],
      ['tcp', 4001],
      ['ws', 4002],
    ])
  })

  test.each([
    '/ip4/0.0.0.0/tcp/70000',
    '/ip4/0.0.0.0/tcp/1/wss',
    '/ip4/0.0.0.0/udp/1',
    '/ip4/::1/tcp/1',
    '/ip6/127.0.0.1/tcp/1',
    '/dns4/example.org/tcp/1',
    '/ip4/0.0.0.0/tcp/1/p2p-circuit',
    '4001',
    '',
  ])('RLY-6 C3 %s is none', (text) => {
    expect(() => parseListen(text)).toThrow(expect.objectContaining({ code: 'ERR_LISTEN' }))
  })

  test('RLY-6 a port that is taken is told before anything starts', async () => {
    const taken = createServer().listen(0, '127.0.0.1')
    await once(taken, 'listening')
    const address = taken.address()
    const port = typeof address === 'object' ? address?.port : 0
    const listen = [`/ip4/127.0.0.1/tcp/${port}`]
    await expect(checkFree(listen.map(parseListen))).rejects.toMatchObject({ code: 'ERR_LISTEN' })
    await expect(world.relay({ listen })).rejects.toMatchObject({
      code: 'ERR_LISTEN',
      hint: expect.stringContaining(String(port)),
    })
    taken.close()
    await once(taken, 'close')
    await checkFree(listen.map(parseListen))
  })

  test('RLY-6 addresses are told apart by how they are reached', () => {
    const ws = multiaddr('/ip4/127.0.0.1/tcp/4002/ws')
    expect(isOf(ws, parseListen('/ip4/0.0.0.0/tcp/0/ws'))).toBe(true)
    expect(isOf(ws, parseListen('/ip4/0.0.0.0/tcp/0'))).toBe(false)
    expect(isOf(ws, parseListen('/ip6/::/tcp/0/ws'))).toBe(false)
  })
})

describe('RLY-6 the address the outside knows', () => {
  const listening = [
    '/ip4/10.0.0.2/tcp/4001',
    '/ip4/127.0.0.1/tcp/4001',
    '/ip4/10.0.0.2/tcp/4002/ws',
  ]
  const texts = async (host: string, addresses: readonly string[] = listening) =>
    (
      await publicAddresses(
        addresses.map((text) => multiaddr(text)),
        host,
      )
    ).map(String)

  test('RLY-6 replaces the host and keeps the rest, once each', async () => {
    expect(await texts('192.0.2.1')).toEqual([
      '/ip4/192.0.2.1/tcp/4001',
      '/ip4/192.0.2.1/tcp/4002/ws',
    ])
    expect(await texts('2001:db8::1')).toContain('/ip6/2001:db8::1/tcp/4001')
    expect(await texts('relay.example')).toContain('/dns/relay.example/tcp/4002/ws')
  })

  test('RLY-6 stands as a number for WebRTC, which takes no names', async () => {
    const certhash = 'uEiDMHPjL0gYGVMp5jrjXxDFPKLXm2ULJgjeTJ5ZzEPMJuw'
    const webrtc = [`/ip4/10.0.0.2/udp/4001/webrtc-direct/certhash/${certhash}`]
    const [address] = await texts('localhost', webrtc)
    expect(address).toBe(`/ip4/127.0.0.1/udp/4001/webrtc-direct/certhash/${certhash}`)
    expect(await texts('no-such-host.invalid', webrtc)).toEqual([])
  })
})
