import { X509Certificate } from 'node:crypto'
import type { IdentifyResult } from '@libp2p/interface'
import { multiaddr } from '@multiformats/multiaddr'
import { afterEach, describe, expect, test } from 'vitest'
import { peerOfPublicKey, privateKeyOf } from './identity.ts'
import { createCertificate, createHost, type Host, type HostOptions, NetError } from './index.ts'
import { realClock, testIdentity, testRng } from './testing/fixtures.ts'

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
