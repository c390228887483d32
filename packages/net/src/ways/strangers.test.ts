import { noise } from '@chainsafe/libp2p-noise'
import { yamux } from '@chainsafe/libp2p-yamux'
import { generateKeyPair } from '@libp2p/crypto/keys'
import { tcp } from '@libp2p/tcp'
import { multiaddr } from '@multiformats/multiaddr'
import { createLibp2p } from 'libp2p'
import { expect, test } from 'vitest'
import { createNet } from '../index.ts'
import { realClock, testIdentity, testRng } from '../testing/fixtures.ts'

const parts = (name: string) => ({
  identity: testIdentity(name),
  clock: realClock,
  rng: testRng(name),
  listen: ['/ip4/127.0.0.1/tcp/0'],
})

test.each(['secp256k1', 'RSA'] as const)(
  'NET-46 D3 a peer with a key of type %s is cut off, and the device goes on',
  async (type) => {
    const device = await createNet(parts('phone'))
    const friend = await createNet(parts('laptop'))
    const stranger = await createLibp2p({
      privateKey: await (type === 'RSA' ? generateKeyPair('RSA', 2048) : generateKeyPair(type)),
      transports: [tcp()],
      connectionEncrypters: [noise()],
      streamMuxers: [yamux()],
    })
    try {
      const address = multiaddr(device.addresses()[0])
      // Its own end may have seen the connection stand for a moment; the device never counts it.
      await stranger.dial(address).catch(() => undefined)
      await expect.poll(() => stranger.getConnections().length, { timeout: 10_000 }).toBe(0)
      expect(device.connected()).toEqual([])

      friend.setAddresses(device.peer, device.addresses())
      friend.keep([device.peer])
      await expect.poll(() => device.connected(), { timeout: 10_000 }).toEqual([friend.peer])
    } finally {
      await Promise.all([stranger.stop(), friend.stop(), device.stop()])
    }
  },
)
