import { noise } from '@chainsafe/libp2p-noise'
import { yamux } from '@chainsafe/libp2p-yamux'
import { circuitRelayTransport } from '@libp2p/circuit-relay-v2'
import { identify } from '@libp2p/identify'
import { FaultTolerance, type Libp2p } from '@libp2p/interface'
import { tcp } from '@libp2p/tcp'
import { webSockets } from '@libp2p/websockets'
import { multiaddr } from '@multiformats/multiaddr'
import { createLibp2p } from 'libp2p'

/**
 * A peer as the libp2p packages make it, nothing of ours: what must work with the relay unchanged.
 * `listen` takes circuit addresses (`…/p2p-circuit`) to reserve on.
 */
export function createStockPeer({
  listen = [],
}: {
  readonly listen?: readonly string[]
} = {}): Promise<Libp2p> {
  return createLibp2p({
    addresses: { listen: [...listen] },
    transports: [tcp(), webSockets(), circuitRelayTransport()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()],
    connectionGater: { denyDialMultiaddr: () => false },
    transportManager: { faultTolerance: FaultTolerance.FATAL_ALL },
    services: { identify: identify() },
  })
}

/** The address of a peer through a relay. */
export function circuitAddress(relay: string, peer: Libp2p): ReturnType<typeof multiaddr> {
  return multiaddr(`${relay}/p2p-circuit/p2p/${peer.peerId.toString()}`)
}
