import {
  type Connection,
  type ConnectionLimits,
  type CreateListenerOptions,
  type DialTransportOptions,
  type Listener,
  type PeerId,
  type Stream,
  serviceCapabilities,
  type Transport,
  transportSymbol,
} from '@libp2p/interface'
import { peerIdFromMultihash, peerIdFromString } from '@libp2p/peer-id'
import { lpStream } from '@libp2p/utils'
import { CODE_P2P_CIRCUIT, type Multiaddr, multiaddr } from '@multiformats/multiaddr'
import { decode as decodeMultihash } from 'multiformats/hashes/digest'
import { NetError } from '../errors.ts'
import type { TransportFactory } from '../platform.ts'
import { CircuitListener } from './listener.ts'
import {
  CIRCUIT_STATUS,
  type CircuitLimit,
  HOP_PROTOCOL,
  type HopMessage,
  hopMessageCodec,
  MAX_CIRCUIT_MESSAGE_BYTES,
  STOP_PROTOCOL,
  type StopMessage,
  stopMessageCodec,
} from './messages.ts'
import { StreamConnection } from './stream-connection.ts'

/** The parts of libp2p a transport is given. */
export type Components = Parameters<TransportFactory>[0]

/** Circuits of one direction a device may have at once; the stock limit of 64 is per connection. */
const MAX_CIRCUITS = 300

/** A relay that keeps us waiting for an answer to a reservation is as good as down. */
const RESERVE_TIMEOUT = 5_000

/** A reservation that stands: until when, and at which addresses others dial us. */
export interface StandingReservation {
  /** ms since 1970 UTC, by the relay's clock. */
  readonly expires: number
  readonly addresses: readonly Multiaddr[]
}

/** The device's side of circuit relay v2, and what a relay keeper does with it. */
export interface CircuitTransport extends Transport {
  /** Asks a connected relay to be reachable through it. @throws ERR_UNREACHABLE with its reason */
  reserve(
    relay: Connection,
    options?: { readonly signal?: AbortSignal },
  ): Promise<StandingReservation>
  /** Forgets a reservation: its addresses are announced no longer. */
  release(relay: PeerId): void
  /** The connection to the relay of an address, and who is behind it; dialled when there is none. */
  approach(address: Multiaddr, options: DialTransportOptions): Promise<CircuitApproach>
  /** Whether it is a relay we were given: of others nothing is read. */
  isChosen(relay: Connection): boolean
  /** Whether what a relay passes on from a peer is taken (rule NET-22). */
  accepts(relay: Connection, peer: PeerId): Promise<boolean>
}

/** A relay that was reached on the way to a peer. */
export interface CircuitApproach {
  readonly relay: Connection
  readonly peer: PeerId
}

/**
 * Makes the transport (rules NET-20 … NET-24). Unlike the stock client it reserves only where it is
 * told to, gives up nothing for good, and takes circuits only from relays it chose. `onActivity` is
 * told of each relay connection over which something came.
 */
export function createCircuitTransport(
  components: Components,
  onActivity: (relay: Connection) => void = () => {},
): CircuitTransport {
  return new DeviceCircuits(components, onActivity)
}

class DeviceCircuits implements CircuitTransport {
  readonly [transportSymbol] = true
  readonly [Symbol.toStringTag] = '@kithmesh/circuit'
  readonly [serviceCapabilities]: string[] = [
    '@libp2p/transport',
    // @libp2p/webrtc asks for this name before it agrees to signal over circuits
    '@libp2p/circuit-relay-v2-transport',
  ]
  readonly #components: Components
  readonly #listener: CircuitListener
  readonly #chosenRelays = new Set<string>()
  readonly #onActivity: (connection: Connection) => void
  #stopped = new AbortController()

  constructor(components: Components, onActivity: (relay: Connection) => void) {
    this.#components = components
    this.#onActivity = onActivity
    this.#listener = new CircuitListener(components.addressManager)
  }

  async start(): Promise<void> {
    this.#stopped = new AbortController()
    await this.#components.registrar.handle(
      STOP_PROTOCOL,
      (stream, connection) => this.#answerStop(stream, connection),
      { maxInboundStreams: MAX_CIRCUITS, runOnLimitedConnection: true },
    )
  }

  async stop(): Promise<void> {
    this.#stopped.abort(new NetError('ERR_NET_STOPPED', 'The network was stopped'))
    await this.#components.registrar.unhandle(STOP_PROTOCOL)
  }

  async reserve(
    relay: Connection,
    { signal }: { signal?: AbortSignal } = {},
  ): Promise<StandingReservation> {
    this.#chosenRelays.add(relay.remotePeer.toString())
    const answer = await this.#askRelay(relay, { kind: 'reserve' }, { signal: signal ?? NEVER })
    answer.stream.close().catch((error: Error) => answer.stream.abort(error))
    const { status, reservation } = answer.message
    if (status !== CIRCUIT_STATUS.ok || reservation === undefined) {
      throw new NetError('ERR_UNREACHABLE', `The relay refused: ${statusText(status)}`)
    }
    const addresses = circuitAddresses(relay, reservation.addresses)
    this.#listener.add(relay.remotePeer, addresses)
    return { expires: reservation.expire * 1_000, addresses }
  }

  release(relay: PeerId): void {
    this.#chosenRelays.delete(relay.toString())
    this.#listener.remove(relay)
  }

  /** Dials `…/p2p/RELAY/p2p-circuit/p2p/PEER`, over the connection to the relay if there is one. */
  async dial(address: Multiaddr, options: DialTransportOptions): Promise<Connection> {
    const { relay: connection, peer } = await this.approach(address, options)
    const { stream, message } = await this.#askRelay(
      connection,
      { kind: 'connect', peer: peer.toMultihash().bytes },
      options,
    )
    if (message.status !== CIRCUIT_STATUS.ok) {
      stream.abort(new NetError('ERR_UNREACHABLE', statusText(message.status)))
      throw new NetError('ERR_UNREACHABLE', `The relay says: ${statusText(message.status)}`)
    }
    try {
      const circuit = new StreamConnection(stream, address)
      this.#watch(stream, connection)
      return await options.upgrader.upgradeOutbound(circuit, {
        ...options,
        ...limitsOf(message.limit),
      })
    } catch (error) {
      stream.abort(error instanceof Error ? error : new Error(String(error)))
      throw error
    }
  }

  createListener(_options: CreateListenerOptions): Listener {
    return this.#listener
  }

  listenFilter(addresses: Multiaddr[]): Multiaddr[] {
    return addresses.filter((address) => address.toString() === '/p2p-circuit')
  }

  dialFilter(addresses: Multiaddr[]): Multiaddr[] {
    return addresses.filter(isCircuitDial)
  }

  async approach(address: Multiaddr, options: DialTransportOptions): Promise<CircuitApproach> {
    const { relayAddress, relay, peer } = splitCircuit(address)
    // the newest: an older one may be dead and not closed yet, as after a change of the uplink (NET-52)
    const standing = this.#components.connectionManager
      .getConnections(relay)
      .findLast((connection) => connection.status === 'open' && connection.direct)
    const connection =
      standing ?? (await this.#components.transportManager.dial(relayAddress, options))
    return { relay: connection, peer }
  }

  isChosen({ remotePeer }: Connection): boolean {
    return this.#chosenRelays.has(remotePeer.toString())
  }

  async accepts(relay: Connection, peer: PeerId): Promise<boolean> {
    if (!this.isChosen(relay)) return false
    const { denyInboundRelayedConnection } = this.#components.connectionGater
    return (await denyInboundRelayedConnection?.(relay.remotePeer, peer)) !== true
  }

  async #askRelay(
    relay: Connection,
    question: HopMessage,
    { signal }: { signal: AbortSignal },
  ): Promise<{ stream: Stream; message: HopMessage & { kind: 'status' } }> {
    const limited = { signal: AbortSignal.any([signal, AbortSignal.timeout(RESERVE_TIMEOUT)]) }
    const stream = await relay.newStream(HOP_PROTOCOL, {
      ...limited,
      maxOutboundStreams: MAX_CIRCUITS,
    })
    try {
      const lp = lpStream(stream, { maxDataLength: MAX_CIRCUIT_MESSAGE_BYTES })
      await lp.write(hopMessageCodec.encode(question), limited)
      const message = hopMessageCodec.decode((await lp.read(limited)).subarray())
      if (message.kind === 'status') return { stream: lp.unwrap(), message }
      throw new NetError('ERR_FRAME_MALFORMED', 'The relay answered with a question')
    } catch (error) {
      stream.abort(error instanceof Error ? error : new Error(String(error)))
      throw error
    }
  }

  /** A relay passes a circuit on to us. Noise inside it proves who dials (rule NET-22). */
  async #answerStop(stream: Stream, relay: Connection): Promise<void> {
    const signal = this.#components.upgrader.createInboundAbortSignal(this.#stopped.signal)
    try {
      const lp = lpStream(stream, { maxDataLength: MAX_CIRCUIT_MESSAGE_BYTES })
      const request = stopMessageCodec.decode((await lp.read({ signal })).subarray())
      const verdict = await this.#judgeStop(request, relay)
      await lp.write(stopMessageCodec.encode({ kind: 'status', status: verdict.status }), {
        signal,
      })
      if (verdict.peer === undefined) return await stream.close({ signal })
      const address = relay.remoteAddr.encapsulate(`/p2p-circuit/p2p/${verdict.peer}`)
      const circuit = new StreamConnection(lp.unwrap(), address)
      this.#watch(stream, relay)
      await this.#components.upgrader.upgradeInbound(circuit, {
        signal,
        ...limitsOf(verdict.limit),
      })
    } catch (error) {
      stream.abort(error instanceof Error ? error : new Error(String(error)))
    } finally {
      signal.clear()
    }
  }

  /** What comes over a circuit came over the connection to the relay. */
  #watch(stream: Stream, relay: Connection): void {
    for (const sign of ['message', 'drain'] as const) {
      stream.addEventListener(sign, () => this.#onActivity(relay))
    }
  }

  async #judgeStop(request: StopMessage, relay: Connection): Promise<StopVerdict> {
    if (request.kind !== 'connect') return { status: CIRCUIT_STATUS.unexpectedMessage }
    const peer = peerIdFromMultihash(decodeMultihash(request.peer))
    if (!(await this.accepts(relay, peer))) return { status: CIRCUIT_STATUS.permissionDenied }
    return {
      status: CIRCUIT_STATUS.ok,
      peer,
      ...(request.limit === undefined ? {} : { limit: request.limit }),
    }
  }
}

interface StopVerdict {
  readonly status: number
  readonly peer?: PeerId
  readonly limit?: CircuitLimit
}

const NEVER = new AbortController().signal

function isCircuitDial(address: Multiaddr): boolean {
  const names = address.getComponents().map(({ name }) => name)
  return names.includes('p2p-circuit') && names.at(-1) === 'p2p' && !names.includes('webrtc')
}

function splitCircuit(address: Multiaddr): {
  relayAddress: Multiaddr
  relay: PeerId
  peer: PeerId
} {
  const components = address.getComponents()
  const at = components.findIndex(({ code }) => code === CODE_P2P_CIRCUIT)
  const relay = components.slice(0, at).findLast(({ name }) => name === 'p2p')?.value
  const peer = components.slice(at).findLast(({ name }) => name === 'p2p')?.value
  if (relay === undefined || peer === undefined) {
    throw new NetError('ERR_ADDRESS', 'A relayed address names the relay and the peer')
  }
  return {
    relayAddress: multiaddr(components.slice(0, at)),
    relay: peerIdFromString(relay),
    peer: peerIdFromString(peer),
  }
}

/** The address we reached the relay at comes first: it is known to work for somebody. */
function circuitAddresses(relay: Connection, own: readonly Uint8Array[]): readonly Multiaddr[] {
  const suffix = `/p2p/${relay.remotePeer}`
  const texts = [relay.remoteAddr, ...own.flatMap(parseAddress)].map((address) =>
    address.toString().endsWith(suffix) ? address.toString() : `${address}${suffix}`,
  )
  return [...new Set(texts)]
    .filter((text) => !text.includes('/p2p-circuit'))
    .map((text) => multiaddr(`${text}/p2p-circuit`))
}

function parseAddress(bytes: Uint8Array): readonly Multiaddr[] {
  try {
    return [multiaddr(bytes)]
  } catch {
    // a relay may know transports that we do not
    return []
  }
}

function limitsOf(limit: CircuitLimit | undefined): { limits?: ConnectionLimits } {
  if (limit === undefined) return {}
  const { duration, data } = limit
  return {
    limits: {
      ...(duration === undefined ? {} : { seconds: duration }),
      ...(data === undefined ? {} : { bytes: BigInt(data) }),
    },
  }
}

/** What a refusal means, for a person. */
export function statusText(status: number): string {
  const name = Object.entries(CIRCUIT_STATUS).find(([, code]) => code === status)?.[0]
  return STATUS_SENTENCES[name ?? ''] ?? `status ${status}`
}

const STATUS_SENTENCES: Readonly<Record<string, string>> = {
  reservationRefused: 'it does not serve this device',
  resourceLimitExceeded: 'it is full',
  permissionDenied: 'it does not allow this',
  connectionFailed: 'the device did not answer',
  noReservation: 'the device is not connected to it',
}
