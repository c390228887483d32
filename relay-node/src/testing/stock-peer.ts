// biome-ignore-all lint/style/noRestrictedImports: a stock peer is libp2p without anything of ours
import { noise } from '@chainsafe/libp2p-noise'
import { yamux } from '@chainsafe/libp2p-yamux'
import { circuitRelayServer, circuitRelayTransport } from '@libp2p/circuit-relay-v2'
import { identify } from '@libp2p/identify'
import { FaultTolerance, type Libp2p, type PrivateKey } from '@libp2p/interface'
import { tcp } from '@libp2p/tcp'
import { webRTCDirect } from '@libp2p/webrtc'
import { webSockets } from '@libp2p/websockets'
import { multiaddr } from '@multiformats/multiaddr'
import { createLibp2p } from 'libp2p'

/** How a stock peer differs from the simplest. */
export interface StockPeerOptions {
  /** Circuit addresses (`…/p2p-circuit`) to reserve on. */
  readonly listen?: readonly string[]
  /** False: it knows nothing of circuits, so a test can speak the protocol by hand. */
  readonly circuit?: boolean
  /** True: it dials webrtc-direct too, and nothing else. */
  readonly webrtc?: boolean
  /** True: it is a relay as the libp2p packages make it, without limits of time and bytes. */
  readonly relay?: boolean
  /** Address of this machine to dial TCP from. */
  readonly localAddress?: string
  /** Default: one nobody has seen. */
  readonly privateKey?: PrivateKey
  /** False: it asks nobody who they are and for no sign of life. Ten thousand of these fit a minute. */
  readonly services?: boolean
}

/**
 * A peer as the libp2p packages make it, nothing of ours: what must work with the relay unchanged.
 */
export function createStockPeer({
  listen = [],
  circuit = true,
  webrtc = false,
  relay = false,
  localAddress,
  privateKey,
  services = true,
}: StockPeerOptions = {}): Promise<Libp2p> {
  // net.connect takes it, libp2p's type does not know it
  const dialOpts: object = localAddress === undefined ? {} : { localAddress }
  return createLibp2p({
    ...(privateKey === undefined ? {} : { privateKey }),
    addresses: { listen: [...listen] },
    transports: [
      ...(webrtc ? [webRTCDirect()] : [tcp({ dialOpts }), webSockets()]),
      ...(circuit ? [circuitRelayTransport()] : []),
    ],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()],
    connectionGater: { denyDialMultiaddr: () => false },
    transportManager: { faultTolerance: FaultTolerance.FATAL_ALL },
    connectionMonitor: { enabled: services },
    services: {
      ...(services ? { identify: identify() } : {}),
      ...(relay
        ? { relay: circuitRelayServer({ reservations: { applyDefaultLimit: false } }) }
        : {}),
    },
  })
}

/** The address of a peer through a relay. */
export function circuitAddress(relay: string, peer: Libp2p): ReturnType<typeof multiaddr> {
  return multiaddr(`${relay}/p2p-circuit/p2p/${peer.peerId.toString()}`)
}
