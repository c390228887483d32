import { noise } from '@chainsafe/libp2p-noise'
import { yamux } from '@chainsafe/libp2p-yamux'
import { circuitRelayServer } from '@libp2p/circuit-relay-v2'
import { identify } from '@libp2p/identify'
import { ping } from '@libp2p/ping'
import { tcp } from '@libp2p/tcp'
import { createLibp2p } from 'libp2p'
import { privateKeyOf } from '../identity.ts'
import { testIdentity } from './fixtures.ts'

/** The stock relay of libp2p, so that ours and strangers' relays are both proved to work. */
export interface TestRelay {
  readonly address: string
  readonly port: number
  stop(): Promise<void>
}

/** Starts a relay; the same name and port make the same relay again. */
export async function startTestRelay(name: string, port = 0): Promise<TestRelay> {
  const relay = await createLibp2p({
    privateKey: privateKeyOf(testIdentity(name)),
    addresses: { listen: [`/ip4/127.0.0.1/tcp/${port}`] },
    transports: [tcp()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()],
    connectionManager: { inboundConnectionThreshold: 1_000 },
    services: {
      identify: identify(),
      ping: ping(),
      relay: circuitRelayServer({ reservations: { applyDefaultLimit: false } }),
    },
  })
  const address = relay.getMultiaddrs()[0]
  if (address === undefined) throw new Error('the relay does not listen')
  const text = address.toString()
  return {
    address: text,
    port: Number(/tcp\/(\d+)/.exec(text)?.[1]),
    stop: async () => {
      await relay.stop()
    },
  }
}
