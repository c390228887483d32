import { X509Certificate } from 'node:crypto'
import { connect } from 'node:net'
import type { IdentifyResult, Stream } from '@libp2p/interface'
import { multiaddr } from '@multiformats/multiaddr'
import { afterEach, describe, expect, test } from 'vitest'
import { DEFAULT_HOST_LIMITS } from './host.ts'
import { peerOfPublicKey, privateKeyOf } from './identity.ts'
import { createCertificate, createHost, type Host, type HostOptions, NetError } from './index.ts'
import { realClock, testIdentity, testRng } from './testing/fixtures.ts'

const TCP = ['/ip4/127.0.0.1/tcp/0']
const running: Host[] = []

async function host(options: Partial<HostOptions> & { name: string }): Promise<Host> {
  const made = await createHost({ identity: testIdentity(options.name), ...options })
  running.push(made)
  return made
}

afterEach(async () => {
  await Promise.all(running.splice(0).map((one) => one.stop()))
})

describe('NET-1 a key whose private half cannot be read', () => {
  test('NET-1 noise and identify work with it', async () => {
    const ada = await host({ name: 'ada', listen: ['/ip4/127.0.0.1/tcp/0'] })
    const ben = await host({ name: 'ben' })
    const identified = new Promise<IdentifyResult>((resolve) => {
      ben.addEventListener('peer:identify', ({ detail }) => resolve(detail), { once: true })
    })
    const connection = await ben.dial(ada.getMultiaddrs())
    expect(connection.remotePeer.toString()).toBe(peerOfPublicKey(testIdentity('ada').publicKey))
    expect((await identified).signedPeerRecord?.addresses.length).toBeGreaterThan(0)
  })

  test('NET-1 reading the raw key fails instead of giving a wrong one', () => {
    const key = privateKeyOf(testIdentity('ada'))
    expect(() => key.raw).toThrow(NetError)
    expect(key.equals(privateKeyOf(testIdentity('ada')))).toBe(true)
    expect(key.equals(privateKeyOf(testIdentity('ben')))).toBe(false)
  })
})

describe('NET-3 many connections', () => {
  test('NET-3 the bounds of a device', async () => {
    expect(DEFAULT_HOST_LIMITS).toMatchObject({
      maxPending: 500,
      upgradeTimeout: 3_000,
      inboundPerSecond: 100,
      maxConnections: 300,
    })
  })

  test('NET-3 silent sockets keep nobody out, and are closed when their time is over', async () => {
    const ada = await host({ name: 'ada', listen: TCP, limits: { upgradeTimeout: 500 } })
    const port = Number(ada.getMultiaddrs()[0]?.getComponents()[1]?.value)
    let closed = 0
    for (let count = 0; count < 20; count += 1) {
      connect(port, '127.0.0.1')
        .on('error', () => {})
        .on('close', () => {
          closed += 1
        })
        .resume()
    }
    const ben = await host({ name: 'ben' })
    await ben.dial(ada.getMultiaddrs())
    expect(closed).toBeLessThan(20)
    await expect.poll(() => closed, { timeout: 5_000 }).toBe(20)
    expect(ada.getConnections()).toHaveLength(1)
  })

  test('NET-3 one address makes so many connections in a second and no more', async () => {
    const ada = await host({ name: 'ada', listen: TCP, limits: { inboundPerSecond: 2 } })
    const dialled = await Promise.allSettled(
      ['ben', 'cy', 'dan', 'eve'].map(async (name) => {
        const connection = await (await host({ name })).dial(ada.getMultiaddrs())
        await connection.newStream('/ipfs/ping/1.0.0')
      }),
    )
    expect(dialled.filter(({ status }) => status === 'fulfilled')).toHaveLength(2)
  })

  test('NET-3 of too many connections a kept one is closed last', async () => {
    const ada = await host({ name: 'ada', listen: TCP, limits: { maxConnections: 1 } })
    const ben = await host({ name: 'ben' })
    await ben.dial(ada.getMultiaddrs())
    await expect.poll(() => ada.getConnections().length).toBe(1)
    for (const connection of ada.getConnections()) ada.services.transports.protect(connection)
    await expect.poll(async () => (await ada.peerStore.get(ben.peerId)).tags.has('kept')).toBe(true)
    for (const name of ['cy', 'dan']) {
      const other = await host({ name })
      await other.dial(ada.getMultiaddrs()).catch(() => {})
      await expect.poll(() => other.getConnections().length, { timeout: 5_000 }).toBe(0)
    }
    expect(ada.getPeers().map(String)).toEqual([ben.peerId.toString()])
  })
})

test('NET-5 a stream that is paused after a fast start is not aborted, and everything arrives', async () => {
  const mib = 1024 * 1024
  const ada = await host({ name: 'ada', listen: TCP })
  const ben = await host({ name: 'ben' })
  let arrived = 0
  let reader: Stream | undefined
  await ada.handle('/kith/paused/1', (stream) => {
    reader = stream
    stream.addEventListener('message', ({ data }) => {
      arrived += data.byteLength
    })
  })
  const connection = await ben.dial(ada.getMultiaddrs())
  const writer = await connection.newStream('/kith/paused/1')
  let sent = 0
  const send = async (total: number): Promise<void> => {
    while (sent < total) {
      sent += mib / 16
      if (!writer.send(new Uint8Array(mib / 16))) await writer.onDrain()
    }
  }
  // The window grows while everything is read at once.
  await send(64 * mib)
  await expect.poll(() => arrived, { timeout: 10_000 }).toBe(64 * mib)
  reader?.pause()
  const sending = send(96 * mib)
  let before = 0
  const stands = (): boolean => {
    const now = reader?.readBufferLength ?? 0
    const isStill = now > 0 && now === before
    before = now
    return isStill
  }
  await expect.poll(stands, { timeout: 5_000, interval: 200 }).toBe(true)
  expect(before).toBeLessThanOrEqual(mib)
  reader?.resume()
  await sending
  await expect.poll(() => arrived, { timeout: 10_000 }).toBe(96 * mib)
  expect(reader?.status).toBe('open')
})

describe('NET-6 the certificate of webrtc-direct', () => {
  const environment = { clock: realClock, rng: testRng('certificate') }

  test('NET-6 is self-signed P-256 and valid for ten years', async () => {
    const { pem } = await createCertificate(environment)
    const certificate = new X509Certificate(pem)
    expect(certificate.verify(certificate.publicKey)).toBe(true)
    expect(certificate.publicKey.asymmetricKeyDetails?.namedCurve).toBe('prime256v1')
    const years = new Date(certificate.validTo).getUTCFullYear() - new Date().getUTCFullYear()
    expect(years).toBe(10)
  })

  test('NET-6 the address is the same after a restart and can be dialled', async () => {
    const certificate = JSON.parse(JSON.stringify(await createCertificate(environment)))
    const options = { name: 'ada', listen: ['/ip4/127.0.0.1/udp/0/webrtc-direct'], certificate }
    const first = await host(options)
    const second = await host(options)
    expect(certhash(first)).toBe(certificate.certhash)
    expect(certhash(second)).toBe(certificate.certhash)
    const ben = await host({ name: 'ben' })
    const connection = await ben.dial(second.getMultiaddrs().map((text) => multiaddr(text)))
    expect(connection.remotePeer.equals(second.peerId)).toBe(true)
  })

  test('NET-6 a host that offers no WebRTC itself dials it all the same', async () => {
    const certificate = await createCertificate(environment)
    const listen = ['/ip4/127.0.0.1/udp/0/webrtc-direct']
    const ada = await host({ name: 'ada', listen, certificate })
    const ben = await host({ name: 'ben', listen: TCP, webrtc: false })
    const dialled = await Promise.all([1, 2].map(() => ben.dial(ada.getMultiaddrs())))
    expect(dialled.map(({ remotePeer }) => String(remotePeer))).toEqual(
      [1, 2].map(() => String(ada.peerId)),
    )
    await expect(ben.dial(multiaddr(`/ip4/127.0.0.1/udp/1/webrtc-direct`))).rejects.toThrow()
  })
})

describe('NET-8 an aborted connection', () => {
  for (const way of ['tcp/0', 'tcp/0/ws']) {
    test.for(['dialler', 'dialled'])(
      `NET-8 is closed at the other end, over ${way}, by the %s`,
      async (who) => {
        const limits = { heartbeat: 0 }
        const ada = await host({ name: 'ada', listen: [`/ip4/127.0.0.1/${way}`], limits })
        const ben = await host({ name: 'ben', limits })
        await ben.dial(ada.getMultiaddrs())
        await expect.poll(() => ada.getConnections().length).toBe(1)
        const [one, other] = who === 'dialler' ? [ben, ada] : [ada, ben]
        one.getConnections()[0]?.abort(new Error('enough'))
        await expect.poll(() => other.getConnections().length, { timeout: 2_000 }).toBe(0)
      },
    )
  }
})

describe('NET-38 what strangers tell of themselves', () => {
  test('NET-38 is forgotten when they leave', async () => {
    const ada = await host({ name: 'ada', listen: ['/ip4/127.0.0.1/tcp/0'] })
    const eve = await host({ name: 'eve', listen: ['/ip4/127.0.0.1/tcp/0'] })
    await eve.dial(ada.getMultiaddrs())
    await expect.poll(() => ada.peerStore.has(eve.peerId)).toBe(true)
    await eve.stop()
    await expect.poll(() => ada.peerStore.has(eve.peerId)).toBe(false)
  })
})

function certhash(one: Host): string | undefined {
  const components = one.getMultiaddrs()[0]?.getComponents()
  return components?.find(({ name }) => name === 'certhash')?.value
}
