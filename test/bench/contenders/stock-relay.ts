import { noise } from '@chainsafe/libp2p-noise'
import { yamux } from '@chainsafe/libp2p-yamux'
import { circuitRelayServer, circuitRelayTransport } from '@libp2p/circuit-relay-v2'
import { identify } from '@libp2p/identify'
import type { Libp2p } from '@libp2p/interface'
import { tcp } from '@libp2p/tcp'
import { multiaddr } from '@multiformats/multiaddr'
import { createLibp2p } from 'libp2p'
import type { Contender, Receiver, Sender, Server } from './contender.ts'
import { streamPipe } from './pipes.ts'

/** The relay that comes with js-libp2p, without its limits of time and bytes, and two of its clients. */
export const stockRelay: Contender = {
  server: stockServer,
  receiver: () => receiver((relay) => [`${relay}/p2p-circuit`]),
  sender,
}

/** The same without a relay between. */
export const stockDirect: Contender = {
  receiver: () => receiver(() => ['/ip4/127.0.0.1/tcp/0']),
  sender,
}

const PROTOCOL = '/bench/pipe/1'

function stockServer(): Server {
  return {
    start: async () => {
      const relay = await createLibp2p({
        ...PARTS,
        addresses: { listen: ['/ip4/127.0.0.1/tcp/0'] },
        transports: [tcp()],
        services: {
          identify: identify(),
          relay: circuitRelayServer({ reservations: { applyDefaultLimit: false } }),
        },
      })
      return relay.getMultiaddrs()[0]?.toString() ?? ''
    },
  }
}

function receiver(listen: (relay: string) => string[]): Receiver {
  return {
    start: async ({ where }, taken) => {
      const peer = await stockPeer(listen(where))
      await peer.handle(PROTOCOL, (stream) => taken(streamPipe(stream)), {
        runOnLimitedConnection: true,
      })
      while (peer.getMultiaddrs().length === 0) {
        await new Promise((resolve) => setTimeout(resolve, 20))
      }
      return peer.getMultiaddrs()[0]?.toString() ?? ''
    },
  }
}

function sender(): Sender {
  return {
    start: async ({ where }) => {
      const peer = await stockPeer([])
      const options = { runOnLimitedConnection: true }
      return streamPipe(await peer.dialProtocol(multiaddr(where), PROTOCOL, options))
    },
  }
}

const PARTS = {
  connectionEncrypters: [noise()],
  streamMuxers: [yamux()],
  connectionGater: { denyDialMultiaddr: () => false },
}

function stockPeer(listen: string[]): Promise<Libp2p> {
  return createLibp2p({
    ...PARTS,
    addresses: { listen },
    transports: [tcp(), circuitRelayTransport()],
    services: { identify: identify() },
  })
}
