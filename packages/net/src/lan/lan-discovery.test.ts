import { createSocket, type Socket } from 'node:dgram'
import { createServer, type Server } from 'node:net'
import fc from 'fast-check'
import { afterEach, describe, expect, test } from 'vitest'
import { createNet, type Net, type NetOptions, peerOfPublicKey } from '../index.ts'
import { realClock, testIdentity, testRng } from '../testing/fixtures.ts'
import {
  ANNOUNCEMENT_BYTES,
  decodeAnnouncement,
  decodeWaiting,
  encodeAnnouncement,
  encodeWaiting,
  type LanAnnouncement,
  TAG_BYTES,
  WAITING_BYTES,
} from './lan-announcement.ts'
import { createEar } from './lan-discovery.node.ts'
import { LAN_GROUP } from './lan-discovery.ts'
import { isOnLink } from './lan-sockets.node.ts'
import { announcementBy, createLanTags } from './lan-tags.node.ts'
import { createNearbyList } from './nearby-list.ts'

const running: { stop(): Promise<void> }[] = []
let nextPort = 40_000 + (process.pid % 10_000)

afterEach(async () => {
  await Promise.all(running.splice(0).map((one) => one.stop()))
})

async function device(
  name: string,
  lanPort: number,
  options: Partial<NetOptions> = {},
): Promise<Net> {
  const net = await createNet({
    identity: testIdentity(name),
    listen: ['/ip4/127.0.0.1/tcp/0'],
    clock: realClock,
    rng: testRng(name),
    lanPort,
    ...options,
  })
  running.push(net)
  return net
}

const soon = { timeout: 10_000, interval: 10 }
const peerNamed = (name: string): string => peerOfPublicKey(testIdentity(name).publicKey)
const windowNow = (): number => Math.floor(realClock.now() / 600_000)

describe('NET-40 discovery on the local network', () => {
  test('NET-40 two devices that keep each other find each other without any address', async () => {
    const port = nextPort++
    const ada = await device('ada', port)
    const ben = await device('ben', port)
    ada.keep([ben.peer])
    ben.keep([ada.peer])
    await expect.poll(() => ada.connected(), soon).toEqual([ben.peer])
    expect(ada.reachability(ben.peer)).toMatchObject({
      path: 'lan',
      reason: 'On this network, at 127.0.0.1',
    })
  })

  test('NET-40 one that keeps nobody is found by who keeps it, also when it starts later', async () => {
    const port = nextPort++
    const ada = await device('ada', port)
    ada.keep([peerNamed('ben')])
    await expect.poll(() => ada.reachability(peerNamed('ben')).reason, soon).toMatch(/No address/)
    const ben = await device('ben', port)
    await expect.poll(() => ada.connected(), soon).toEqual([ben.peer])
  })

  test('NET-42 strangers on the same network do not dial each other', async () => {
    const port = nextPort++
    const ada = await device('ada', port)
    const ben = await device('ben', port)
    const eve = await device('eve', port)
    eve.keep([peerNamed('somebody else')])
    ada.keep([ben.peer])
    await expect.poll(() => ada.connected(), soon).toEqual([ben.peer])
    expect(eve.connected()).toEqual([])
  })

  test('NET-36 a device without a LAN neither announces nor finds', async () => {
    const port = nextPort++
    const heard: Uint8Array[] = []
    const ear = await listenTo(port, (bytes) => heard.push(bytes))
    running.push({ stop: () => close(ear) })
    const ada = await device('ada', port, { lan: false })
    const ben = await device('ben', port)
    ada.keep([ben.peer])
    const tag = Buffer.from(
      announcementBy({ peer: ben.peer, window: windowNow() }, NO_PORTS).tag,
    ).toString('hex')
    await expect.poll(() => heard.length, soon).toBeGreaterThan(1)
    expect(new Set(heard.map((bytes) => Buffer.from(bytes.slice(5, 21)).toString('hex')))).toEqual(
      new Set([tag]),
    )
    expect(ada.connected()).toEqual([])
  })

  test('NET-44 NET-45 A10 forged announcements cause few dials, and only to where they came from', async () => {
    const port = nextPort++
    const victim = peerNamed('ben')
    const decoy = await decoyServer()
    const ada = await device('ada', port)
    ada.keep([victim])
    let heard = 0
    const ear = await listenTo(port, (bytes) => {
      if (bytes.byteLength > ANNOUNCEMENT_BYTES) heard += 1
    })
    const forger = createSocket('udp4')
    running.push({ stop: () => close(forger) }, { stop: () => close(ear) })
    const forged = encodeAnnouncement(
      announcementBy({ peer: victim, window: windowNow() }, { tcp: decoy.port, ws: 0 }),
    )
    await bind(forger)
    forger.setMulticastInterface('127.0.0.1')
    for (let count = 0; count < 300; count += 1) {
      await send(forger, forged, port)
      await send(forger, Buffer.concat([forged, Buffer.of(0)]), port)
    }
    await expect.poll(() => heard, soon).toBeGreaterThan(50)
    await expect.poll(() => decoy.dials(), soon).toBeGreaterThan(0)
    // the keeper's own backoff goes on at an address that is known now; 300 dials it is not
    expect(decoy.dials()).toBeLessThan(10)
    expect(decoy.sources()).toEqual(['127.0.0.1'])
    expect(ada.connected()).toEqual([])
    expect(ada.reachability(victim).path).toBe('away')
  })
})

describe('NET-47 NET-48 devices that wait to be linked', () => {
  const peersOf = (net: Net): readonly string[] => net.nearby().map(({ peer }) => peer)

  test('NET-47 one that waits is heard by strangers while it waits, at its own address', async () => {
    const port = nextPort++
    const ada = await device('ada', port)
    const ben = await device('ben', port)
    const changes: number[] = []
    ada.addEventListener('nearby:changed', ({ detail }) => changes.push(detail.peers.length))
    expect(peersOf(ada)).toEqual([])
    ben.announceWaiting(true)
    await expect.poll(() => peersOf(ada), soon).toEqual([ben.peer])
    const [seen] = ada.nearby()
    expect(seen?.addresses.length).toBeGreaterThan(0)
    expect(ben.nearby()).toEqual([])
    expect(ada.connected()).toEqual([])
    ben.announceWaiting(false)
    await expect.poll(() => peersOf(ada), soon).toEqual([])
    expect(changes).toEqual([1, 0])
  })

  test('NET-36 NET-47 without a LAN nobody is told, and nobody heard', async () => {
    const port = nextPort++
    const ada = await device('ada', port, { lan: false })
    const ben = await device('ben', port)
    const cara = await device('cara', port)
    ada.announceWaiting(true)
    ben.announceWaiting(true)
    await expect.poll(() => peersOf(cara), soon).toEqual([ben.peer])
    expect(peersOf(ada)).toEqual([])
  })

  test('NET-48 A10 forged announcements fill a short list, and nobody is dialled for them', async () => {
    const port = nextPort++
    const decoy = await decoyServer()
    const ada = await device('ada', port)
    const forger = createSocket('udp4')
    running.push({ stop: () => close(forger) })
    await bind(forger)
    forger.setMulticastInterface('127.0.0.1')
    for (let count = 0; count < 200; count += 1) {
      const { publicKey } = testIdentity(`forged ${count}`)
      const forged = encodeWaiting({ publicKey, tcp: decoy.port, ws: 0 })
      await send(forger, forged, port)
      await send(forger, Buffer.concat([forged, Buffer.of(0)]), port)
      await send(forger, forged.subarray(0, -1), port)
    }
    await expect.poll(() => ada.nearby().length, soon).toBe(4)
    expect(decoy.dials()).toBe(0)
    expect(ada.connected()).toEqual([])
  })

  test('NET-48 who is in the list is not moved by who speaks in its name', async () => {
    let now = 0
    const over = new AbortController()
    const list = createNearbyList(
      { monotonic: () => now },
      { changed: () => {}, signal: over.signal },
    )
    const at = (ip: string) => ({ peer: 'ben', addresses: [`/ip4/${ip}/tcp/1`] })
    list.heard('192.168.1.2', at('192.168.1.2'))
    list.heard('192.168.1.66', at('192.168.1.66'))
    expect(list.list()).toEqual([at('192.168.1.2')])
    for (let count = 0; count < 100; count += 1) {
      const source = `192.168.1.${count}`
      list.heard(source, { peer: `forged ${count}`, addresses: [] })
    }
    expect(list.list()).toHaveLength(16)
    now += 1_000
    list.heard('192.168.1.2', at('192.168.1.2'))
    expect(list.list()).toContainEqual(at('192.168.1.2'))
    over.abort()
  })

  test('NET-47 an announcement of one that waits is 41 bytes, read as it was written', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 32, maxLength: 32 }),
        fc.nat(65_535),
        fc.nat(65_535),
        (publicKey, tcp, ws) => {
          const bytes = encodeWaiting({ publicKey, tcp, ws })
          expect(bytes.byteLength).toBe(WAITING_BYTES)
          expect(decodeWaiting(bytes)).toEqual({ publicKey, tcp, ws })
          expect(() => decodeAnnouncement(bytes)).toThrow()
          expect(() => decodeWaiting(bytes.subarray(1))).toThrow()
        },
      ),
    )
  })
})

test('NET-45 a datagram from a public address is passed over, from a private one it is dialled', () => {
  const found: string[] = []
  const tags = createLanTags(peerNamed('ada'), () => new Set([peerNamed('ben')]), realClock)
  const hear = createEar(
    {
      clock: realClock,
      peer: peerNamed('ada'),
      logger: { debug: () => {}, warn: () => {} },
      found: (_, addresses) => found.push(...addresses.map(String)),
    },
    { tags, nearby: { heard: () => {} } },
  )
  const bytes = encodeAnnouncement(
    announcementBy({ peer: peerNamed('ben'), window: windowNow() }, { tcp: 7, ws: 0 }),
  )
  for (const address of ['203.0.113.4', '8.8.8.8', '192.168.1.2', '169.254.1.2', '127.0.0.1']) {
    hear(bytes, { address, family: 'IPv4', port: 7548, size: bytes.byteLength })
  }
  expect(found).toEqual([
    '/ip4/192.168.1.2/tcp/7',
    '/ip4/169.254.1.2/tcp/7',
    '/ip4/127.0.0.1/tcp/7',
  ])
})

describe('NET-41 tags', () => {
  test('NET-41 a tag is recognised by who keeps the peer, for one window early or late', () => {
    const window = windowNow()
    const clock = { now: () => window * 600_000 }
    const kept = new Set([peerNamed('ben'), peerNamed('cy')])
    const tags = createLanTags(peerNamed('ada'), () => kept, clock)
    const said = (name: string, at: number): LanAnnouncement =>
      announcementBy({ peer: peerNamed(name), window: at }, { tcp: 4_001, ws: 0 })
    const ben = { peer: peerNamed('ben'), tcp: 4_001, ws: 0 }
    for (const one of [window - 1, window, window + 1]) {
      expect(tags.read(said('ben', one))).toEqual(ben)
    }
    expect(tags.read(said('ben', window - 2))).toBeUndefined()
    expect(tags.read(said('eve', window))).toBeUndefined()
    kept.add(peerNamed('eve'))
    tags.renew()
    expect(tags.read(said('eve', window))?.peer).toBe(peerNamed('eve'))
  })

  test('NET-41 announcements of one device in two windows, and of two in one, have nothing in common', () => {
    const said = (name: string, window: number): LanAnnouncement =>
      announcementBy({ peer: peerNamed(name), window }, { tcp: 4_001, ws: 4_002 })
    for (const [one, other] of [
      [said('ben', 1), said('ben', 2)],
      [said('ben', 1), said('cy', 1)],
    ] as const) {
      expect(one.tag).not.toEqual(other.tag)
      // nor the ports, by which a device that goes from network to network could be followed
      expect([one.tcp, one.ws]).not.toEqual([other.tcp, other.ws])
    }
  })
})

describe('NET-43 announcements', () => {
  test('NET-43 an announcement is read as it was written, and is 25 bytes long', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: TAG_BYTES, maxLength: TAG_BYTES }),
        fc.nat(65_535),
        fc.nat(65_535),
        (tag, tcp, ws) => {
          const bytes = encodeAnnouncement({ tag, tcp, ws })
          expect(bytes.byteLength).toBe(ANNOUNCEMENT_BYTES)
          expect(decodeAnnouncement(bytes)).toEqual({ tag, tcp, ws })
        },
      ),
    )
  })

  test('NET-43 anything else is refused', () => {
    const good = encodeAnnouncement({ tag: new Uint8Array(TAG_BYTES), tcp: 1, ws: 2 })
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        const isGood =
          bytes.length === good.length && bytes.slice(0, 5).every((b, i) => b === good[i])
        if (!isGood) expect(() => decodeAnnouncement(bytes)).toThrow()
      }),
    )
    expect(() => decodeAnnouncement(good.subarray(0, -1))).toThrow()
    expect(() => decodeAnnouncement(Uint8Array.of(...good, 0))).toThrow()
  })
})

test('NET-45 of IPv6 addresses those on our own links are near, whatever range they are from', () => {
  const own = ['2001:db8:77:1::2', 'fd4b:4954:4801:1:aaaa::2']
  expect(isOnLink('2001:db8:77:1:ffff::9', own)).toBe(true)
  expect(isOnLink('fd4b:4954:4801:1::9', own)).toBe(true)
  expect(isOnLink('2001:db8:77:2::9', own)).toBe(false)
  expect(isOnLink('fd00::9', own)).toBe(false)
  expect(isOnLink('2001:db8:77:1::9', [])).toBe(false)
})

const NO_PORTS = { tcp: 0, ws: 0 }

/** Somebody who listens to the group as any stranger could. */
async function listenTo(port: number, heard: (bytes: Uint8Array) => void): Promise<Socket> {
  const socket = createSocket({ type: 'udp4', reuseAddr: true })
  await bind(socket, port)
  socket.addMembership(LAN_GROUP, '127.0.0.1')
  socket.on('message', (bytes) => heard(Uint8Array.from(bytes)))
  return socket
}

/** A TCP server that counts who knocks and says nothing. */
async function decoyServer(): Promise<{
  port: number
  dials(): number
  sources(): readonly string[]
}> {
  let dials = 0
  const sources = new Set<string>()
  const server: Server = createServer((socket) => {
    dials += 1
    sources.add(socket.remoteAddress ?? '')
    socket.destroy()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  running.push({ stop: () => new Promise((resolve) => server.close(() => resolve())) })
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  return { port, dials: () => dials, sources: () => [...sources] }
}

function bind(socket: Socket, port = 0): Promise<void> {
  return new Promise((resolve) => socket.bind(port, resolve))
}

function send(socket: Socket, bytes: Uint8Array, port: number): Promise<void> {
  return new Promise((resolve) => socket.send(bytes, port, LAN_GROUP, () => resolve()))
}

function close(socket: Socket): Promise<void> {
  return new Promise((resolve) => socket.close(() => resolve()))
}
