import { noise } from '@chainsafe/libp2p-noise'
import { yamux } from '@chainsafe/libp2p-yamux'
import { type Identify, type IdentifyPush, identify, identifyPush } from '@libp2p/identify'
import {
  type Connection,
  type ConnectionGater,
  FaultTolerance,
  type Libp2p,
  type PeerId,
  type StreamMuxerFactory,
} from '@libp2p/interface'
import { type Ping, ping } from '@libp2p/ping'
import type { Multiaddr } from '@multiformats/multiaddr'
import { createLibp2p, type Libp2pOptions } from 'libp2p'
import {
  type CircuitTransport,
  type Components,
  createCircuitTransport,
} from './circuit/transport.ts'
import type { Clock } from './environment.ts'
import { boundMessages } from './floods/bounded-messages.ts'
import { meteredFrames } from './floods/muxer-meter.ts'
import { refuseEndlessLengths } from './floods/negotiation-watch.ts'
import type { Admit } from './floods/new-socket.ts'
import { privateKeyOf } from './identity.ts'
import type { NetIdentity } from './net.ts'
import type { Platform, TransportFactory } from './platform.ts'
import { silentComponentLogger } from './silent-logger.ts'
import type { Present } from './splice/raw-road.ts'
import { createSpliceTransport } from './splice/transport.ts'
import type { HostCertificate } from './transports/certificate.ts'
import { flatConnections } from './transports/flat-connections.ts'
import { joinedWrites } from './transports/joined-writes.ts'
import { sparedCopies } from './transports/spared-copies.ts'
import { sparingWindows } from './transports/sparing-windows.ts'

/** What {@link createHost} is given. Everything but the identity has a default fit for a device. */
export interface HostOptions {
  readonly identity: NetIdentity
  /** Multiaddrs to listen on; one that cannot be listened on is skipped, never fatal. */
  readonly listen?: readonly string[]
  /** Multiaddrs announced besides those listened on, as of a public host name. */
  readonly appendAnnounce?: readonly string[]
  /** Which of our own addresses others are told. Default: all. */
  readonly announceFilter?: (addresses: Multiaddr[]) => Multiaddr[]
  /** For webrtc-direct: without it the host does not listen on webrtc-direct addresses. */
  readonly certificate?: HostCertificate
  /** STUN servers (`stun:host:port`) for WebRTC, asked at each connection. Default: none. */
  readonly iceServers?: () => readonly string[]
  /** Whether to offer WebRTC between two peers where the platform has it. Default true. */
  readonly webrtc?: boolean
  /** Whether to dial and be dialled over relays. Default true; a relay itself says false. */
  readonly circuit?: boolean
  /** Whether circuits give way to spliced roads where a relay offers them. Default true. */
  readonly splice?: boolean
  /** Of a relay: takes sockets that present a ticket of a splice. */
  readonly present?: Present
  /** Rules of who may connect; what is not given is allowed, private addresses and ws:// too. */
  readonly gate?: ConnectionGater
  /** Time by which floods of frames are told from honest use (rule NET-80); without it they are not. */
  readonly clock?: Pick<Clock, 'monotonic'>
  /** Asked about each new TCP socket, before its handshake. Default: all may come in. */
  readonly admit?: Admit
  /**
   * Whether each peer is asked who it is. Default true. A relay does not need to know, and what a peer
   * answers or pushes is one more thing to be flooded with.
   */
  readonly asksPeers?: boolean
  readonly limits?: Partial<HostLimits>
  /** Name and version told to peers by identify. Default `kithmesh`. */
  readonly agent?: string
  /** Told of connections over which something came; circuits report the one to the relay. */
  readonly onActivity?: (connection: Connection) => void
  readonly signal?: AbortSignal
}

/** Limits of connections and streams of a host. */
export interface HostLimits {
  readonly maxConnections: number
  /** New inbound connections one network address may make in a second. */
  readonly inboundPerSecond: number
  /** Inbound connections that may be in their handshake at once. */
  readonly maxPending: number
  /** ms an inbound handshake may take. */
  readonly upgradeTimeout: number
  /** Streams a peer may have open on one connection at once, of all protocols. */
  readonly maxStreams: number
  /** Streams a peer may open on one connection at once, and in four seconds (rule NET-80). */
  readonly maxOpenings: number
  /** ms between two signs of life asked of every connection; 0 to ask none. */
  readonly heartbeat: number
}

/** What every host carries. Protocols of one's own are added with `host.handle`. */
export type HostServices = {
  identify: Identify
  identifyPush: IdentifyPush
  ping: Ping
  transports: HostTransports
  /** Undefined when the host was made with `circuit: false`. */
  circuit: CircuitClient | undefined
}

/** The part of the circuit transport that a relay keeper uses. */
export type CircuitClient = Pick<CircuitTransport, 'reserve' | 'release'>

/** What a device needs of libp2p's inside. */
export interface HostTransports {
  /** Dials one address past the dial queue, which tries a peer's addresses one after another. */
  dial(address: Multiaddr, options: { signal: AbortSignal }): Promise<Connection>
  /** Announces public addresses of our own interfaces, which libp2p takes for unproved. */
  confirmOwn(): void
  /** Of all connections this peer's are the last to be closed when there are too many. */
  protect(connection: Connection): void
}

/** A started libp2p node of this mesh. */
export type Host = Libp2p<HostServices>

/**
 * Bounds of a device or a small relay (rule NET-3). The stock 5 connections per second, 10 pending
 * and 10 s of handshake let ten silent sockets shut everybody out; with 500 and 3 s ten of ten
 * honest dials got through the same attack.
 */
export const DEFAULT_HOST_LIMITS: HostLimits = {
  maxConnections: 300,
  inboundPerSecond: 100,
  maxPending: 500,
  upgradeTimeout: 3_000,
  maxStreams: 256,
  maxOpenings: 2_000,
  heartbeat: 10_000,
}

/** Starts a libp2p node set up for this mesh on a platform; entries export it bound to theirs. */
export async function createHostOn(platform: Platform, options: HostOptions): Promise<Host> {
  options.signal?.throwIfAborted()
  const limits = { ...DEFAULT_HOST_LIMITS, ...options.limits }
  const transports = await transportsOf(platform, options)
  const host = await createLibp2p<HostServices>({
    privateKey: privateKeyOf(options.identity),
    nodeInfo: { userAgent: options.agent ?? 'kithmesh' },
    addresses: addressesOf(options),
    transports: transports.factories,
    connectionEncrypters: [sparedCopies(joinedWrites(noise()))],
    streamMuxers: [muxerOf(limits, options)],
    connectionGater: { ...OPEN_GATE, ...options.gate },
    connectionManager: connectionManagerOf(limits),
    connectionMonitor: heartbeatOf(limits),
    transportManager: { faultTolerance: FaultTolerance.NO_FATAL },
    services: servicesOf(transports.circuit, options),
    logger: silentComponentLogger,
  })
  host.services.transports.confirmOwn()
  forgetStrangers(host)
  return host
}

/** The stock gater refuses ws:// and private addresses in a page; this mesh lives on them. */
const OPEN_GATE: ConnectionGater = { denyDialMultiaddr: () => false }

async function transportsOf(
  platform: Platform,
  options: HostOptions,
): Promise<{ factories: TransportFactory[]; circuit: CircuitSlot | undefined }> {
  const withCircuit = options.circuit !== false
  const circuit: CircuitSlot | undefined = withCircuit ? {} : undefined
  const factories = await platform.transports({
    ...(options.certificate === undefined ? {} : { certificate: options.certificate }),
    ...(options.admit === undefined ? {} : { admit: options.admit }),
    ...(options.present === undefined ? {} : { present: options.present }),
    iceServers: options.iceServers ?? (() => []),
    // WebRTC between peers signals over a circuit, so without circuits there is nothing to offer
    webrtc: withCircuit && options.webrtc !== false,
    listensDirect: options.listen?.some((address) => address.includes('/webrtc-direct')) === true,
  })
  if (circuit === undefined) return { factories: [...factories], circuit }
  const clientFrom = (components: Components): CircuitTransport => {
    circuit.client ??= createCircuitTransport(components, options.onActivity)
    return circuit.client
  }
  const splice: TransportFactory = (components) =>
    createSpliceTransport(components, { circuit: clientFrom(components), roads: platform.roads })
  // both dial the same addresses, and the first that takes one has it: the splice knows the circuit as its other way
  const relayed = options.splice === false ? [clientFrom] : [splice, clientFrom]
  return { factories: [...factories, ...relayed], circuit }
}

/** libp2p makes the transport; this is where its maker leaves it for the relay keeper. */
interface CircuitSlot {
  client?: CircuitTransport
}

function addressesOf(options: HostOptions): NonNullable<Libp2pOptions['addresses']> {
  const { listen, appendAnnounce, announceFilter } = options
  return {
    listen: [...(listen ?? []), ...circuitListen(options)],
    ...(appendAnnounce === undefined ? {} : { appendAnnounce: [...appendAnnounce] }),
    ...(announceFilter === undefined ? {} : { announceFilter }),
  }
}

/** Relayed addresses come and go with reservations; these say only that we want any. */
function circuitListen({ circuit, webrtc }: HostOptions): readonly string[] {
  if (circuit === false) return []
  return webrtc === false ? ['/p2p-circuit'] : ['/p2p-circuit', '/webrtc']
}

/**
 * Stream window at its largest (rule NET-5). Yamux would grow it to 16 MiB while a paused stream
 * may buffer only 4, and then be aborted; a buffer of more than twice the window is never overrun.
 */
const MAX_STREAM_WINDOW_BYTES = 1024 * 1024
const MAX_READ_BUFFER_BYTES = 4 * MAX_STREAM_WINDOW_BYTES

type MuxerFactory = NonNullable<Libp2pOptions['streamMuxers']>[number]

function muxerOf(limits: HostLimits, { clock }: HostOptions): MuxerFactory {
  const muxer = sparingWindows(yamuxOf(limits))
  const { maxOpenings } = limits
  return clock === undefined ? muxer : meteredFrames(muxer, { clock, maxOpenings })
}

function yamuxOf({ maxStreams }: HostLimits): MuxerFactory {
  return yamux({
    maxInboundStreams: maxStreams,
    maxOutboundStreams: maxStreams,
    streamOptions: {
      maxStreamWindowSize: MAX_STREAM_WINDOW_BYTES,
      maxReadBufferLength: MAX_READ_BUFFER_BYTES,
    },
  }) as () => StreamMuxerFactory
}

function connectionManagerOf(limits: HostLimits): NonNullable<Libp2pOptions['connectionManager']> {
  return {
    maxConnections: limits.maxConnections,
    inboundConnectionThreshold: limits.inboundPerSecond,
    maxIncomingPendingConnections: limits.maxPending,
    inboundUpgradeTimeout: limits.upgradeTimeout,
    // our keepers redial without end; the stock queue gives up after a minute
    reconnectRetries: 0,
  }
}

/** On a slow, busy line an answer waits behind megabytes: the stock 2 s would drop living peers. */
const HEARTBEAT_ANSWER_MS = 10_000

function heartbeatOf({ heartbeat }: HostLimits): NonNullable<Libp2pOptions['connectionMonitor']> {
  if (heartbeat === 0) return { enabled: false }
  return { pingInterval: heartbeat, pingTimeout: { minTimeout: HEARTBEAT_ANSWER_MS } }
}

function servicesOf(
  circuit: CircuitSlot | undefined,
  { asksPeers = true }: HostOptions,
): NonNullable<Libp2pOptions<HostServices>['services']> {
  return {
    identify: identify({ runOnConnectionOpen: asksPeers }),
    identifyPush: identifyPush(),
    ping: ping(),
    transports: hostTransports,
    circuit: () => clientOf(circuit?.client),
  }
}

/** The highest value libp2p takes; a higher one is refused, and nobody protected. */
const PROTECTED = { kept: { value: 100 } }

function hostTransports({
  addressManager,
  connectionManager,
  peerStore,
  registrar,
  transportManager,
  upgrader,
}: Parameters<TransportFactory>[0]): HostTransports {
  refuseEndlessLengths(upgrader)
  flatConnections(connectionManager)
  boundMessages(registrar)
  return {
    dial: (address, options) => transportManager.dial(address, options),
    confirmOwn: () => {
      for (const address of transportManager.getAddrs()) {
        addressManager.confirmObservedAddr(address, { type: 'transport' })
      }
    },
    protect: ({ remotePeer }) => {
      // without its tag a peer is as safe as any other
      peerStore.merge(remotePeer, { tags: PROTECTED }).catch(() => {})
    },
  }
}

/** A bare object: libp2p would start the transport a second time if it were a service itself. */
function clientOf(transport: CircuitTransport | undefined): CircuitClient | undefined {
  if (transport === undefined) return undefined
  return {
    reserve: (relay, options) => transport.reserve(relay, options),
    release: (relay) => transport.release(relay),
  }
}

/** What a peer told us of itself is kept while it is connected: strangers must not pile up. */
function forgetStrangers(host: Host): void {
  host.addEventListener('peer:disconnect', ({ detail: peer }: CustomEvent<PeerId>) => {
    // failing to forget costs a little memory and nothing else
    host.peerStore.delete(peer).catch(() => {})
  })
}
