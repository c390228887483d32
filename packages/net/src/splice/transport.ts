import {
  type Connection,
  type CreateListenerOptions,
  type DialTransportOptions,
  type Listener,
  type MultiaddrConnection,
  type PeerId,
  type Stream,
  serviceCapabilities,
  type Transport,
  transportSymbol,
} from '@libp2p/interface'
import { peerIdFromMultihash } from '@libp2p/peer-id'
import { lpStream } from '@libp2p/utils'
import type { Multiaddr } from '@multiformats/multiaddr'
import { decode as decodeMultihash } from 'multiformats/hashes/digest'
import { CIRCUIT_STATUS, MAX_CIRCUIT_MESSAGE_BYTES } from '../circuit/messages.ts'
import { type CircuitTransport, type Components, statusText } from '../circuit/transport.ts'
import { NetError } from '../errors.ts'
import {
  SPLICE_PROTOCOL,
  type SpliceMessage,
  type SpliceTicket,
  spliceMessageCodec,
  spliceStatus,
} from './messages.ts'
import { type Road, type SpliceRoads, waysTo } from './road.ts'
import { markSpliced } from './spliced.ts'

/**
 * The device's side of spliced roads (rules NET-70 … NET-74): it dials the same addresses as the circuit, tries a
 * splice first and falls back to the circuit by itself.
 */
export function createSpliceTransport(
  components: Components,
  options: { readonly circuit: CircuitTransport; readonly roads: SpliceRoads },
): Transport {
  return new DeviceSplices(components, options)
}

/** Longer than this nobody waits for a splice: the circuit is a way that works (rule NET-73). */
const PATIENCE_MS = 1_500

/** Relays ask us for so many splices at once, and no more; each is a socket. */
const MAX_INVITES = 64

/** A slow minute is no reason to give up splices for as long as a relay connection lives. */
const MAX_TRIES = 3

/** Peers remembered of one relay connection as having no splice over it. */
const MAX_REMEMBERED = 1_024

class DeviceSplices implements Transport {
  readonly [transportSymbol] = true
  readonly [Symbol.toStringTag] = '@kithmesh/splice'
  readonly [serviceCapabilities]: string[] = ['@libp2p/transport']
  readonly #components: Components
  readonly #circuit: CircuitTransport
  readonly #roads: SpliceRoads
  /** How often a splice to whom failed over a relay connection; `*` is everybody. Forgotten with it. */
  readonly #failures = new WeakMap<Connection, Map<string, number>>()
  #stopped = new AbortController()

  constructor(
    components: Components,
    { circuit, roads }: { readonly circuit: CircuitTransport; readonly roads: SpliceRoads },
  ) {
    this.#components = components
    this.#circuit = circuit
    this.#roads = roads
  }

  async start(): Promise<void> {
    this.#stopped = new AbortController()
    await this.#components.registrar.handle(
      SPLICE_PROTOCOL,
      (stream, relay) => this.#answer(stream, relay),
      { maxInboundStreams: MAX_INVITES },
    )
  }

  async stop(): Promise<void> {
    this.#stopped.abort(new NetError('ERR_NET_STOPPED', 'The network was stopped'))
    await this.#components.registrar.unhandle(SPLICE_PROTOCOL)
  }

  async dial(address: Multiaddr, options: DialTransportOptions): Promise<Connection> {
    const { relay, peer } = await this.#circuit.approach(address, options)
    const connection = await this.#trySplice(relay, { address, peer, options })
    if (connection === undefined) return this.#circuit.dial(address, options)
    try {
      return await options.upgrader.upgradeOutbound(connection, options)
    } catch (error) {
      connection.abort(asError(error))
      throw error
    }
  }

  createListener(_options: CreateListenerOptions): Listener {
    throw new NetError('ERR_ADDRESS', 'Nobody listens for splices: a relay says when one comes')
  }

  listenFilter(_addresses: Multiaddr[]): Multiaddr[] {
    return []
  }

  dialFilter(addresses: Multiaddr[]): Multiaddr[] {
    return this.#circuit.dialFilter(addresses)
  }

  /** Undefined when there is none to be had: then the circuit it is. @throws ERR_UNREACHABLE when neither helps */
  async #trySplice(
    relay: Connection,
    { address, peer, options }: Dialled,
  ): Promise<MultiaddrConnection | undefined> {
    if (this.#isHopeless(relay, peer)) return undefined
    const { signal } = options
    const patience = AbortSignal.any([signal, AbortSignal.timeout(PATIENCE_MS)])
    let stream: Stream | undefined
    try {
      stream = await relay.newStream(SPLICE_PROTOCOL, {
        signal: patience,
        maxOutboundStreams: MAX_INVITES,
      })
      const question = { kind: 'connect', peer: peer.toMultihash().bytes } as const
      const answer = await ask(stream, question, patience)
      const granted = grantedBy(answer)
      if (granted === undefined) return this.#remember(relay, peer.toString())
      const road = await this.#open(relay, granted, until(stream, patience))
      stream.close().catch((error: Error) => stream?.abort(error))
      return this.#connection(road, { address, direction: 'outbound' })
    } catch (error) {
      stream?.abort(asError(error))
      signal.throwIfAborted()
      if (error instanceof RefusedByRelay) throw error.asNetError()
      // an older relay will not learn it while we are connected
      return this.#remember(relay, isUnsupported(error) ? EVERYBODY : peer.toString())
    }
  }

  #isHopeless(relay: Connection, peer: PeerId): boolean {
    if (waysTo(relay, [], this.#roads).length === 0 && !this.#roads.usesTold) return true
    const failures = this.#failures.get(relay)
    return failures?.has(EVERYBODY) === true || (failures?.get(peer.toString()) ?? 0) >= MAX_TRIES
  }

  #remember(relay: Connection, whom: string): undefined {
    const failures = this.#failures.get(relay) ?? new Map<string, number>()
    if (failures.size >= MAX_REMEMBERED) failures.clear()
    failures.set(whom, (failures.get(whom) ?? 0) + 1)
    this.#failures.set(relay, failures)
    return undefined
  }

  /** A relay joins us with somebody who dials. Noise inside proves who it is (rule NET-22). */
  async #answer(stream: Stream, relay: Connection): Promise<void> {
    if (!this.#circuit.isChosen(relay)) return stream.abort(new Error('It is no relay of ours'))
    const signal = this.#components.upgrader.createInboundAbortSignal(this.#stopped.signal)
    try {
      const lp = lpStream(stream, { maxDataLength: MAX_CIRCUIT_MESSAGE_BYTES })
      const invite = spliceMessageCodec.decode((await lp.read({ signal })).subarray())
      if (invite.kind !== 'invite') throw new NetError('ERR_FRAME_MALFORMED', 'Not an invitation')
      const peer = peerIdFromMultihash(decodeMultihash(invite.peer))
      const isTaken = await this.#circuit.accepts(relay, peer)
      const { ok, permissionDenied } = CIRCUIT_STATUS
      await lp.write(spliceStatus(isTaken ? ok : permissionDenied), { signal })
      if (!isTaken) return await stream.close({ signal })
      const road = await this.#open(relay, invite, until(stream, signal))
      stream.close({ signal }).catch((error: Error) => stream.abort(error))
      const address = relay.remoteAddr.encapsulate(`/p2p-circuit/p2p/${peer}`)
      const connection = this.#connection(road, { address, direction: 'inbound' })
      await this.#components.upgrader
        .upgradeInbound(connection, { signal })
        .catch((error: Error) => connection.abort(error))
    } catch (error) {
      stream.abort(asError(error))
    } finally {
      signal.clear()
    }
  }

  /** Presents the ticket at the first way that can be connected; a ticket is good for one. */
  async #open(
    relay: Connection,
    { ticket, addresses }: SpliceTicket,
    signal: AbortSignal,
  ): Promise<Road> {
    let failure: unknown
    for (const { address, opener } of waysTo(relay, addresses, this.#roads)) {
      try {
        return await opener.open(address, ticket, { signal })
      } catch (error) {
        failure = error
      }
      signal.throwIfAborted()
    }
    throw new NetError('ERR_UNREACHABLE', 'No road to the relay', { cause: failure })
  }

  #connection(
    road: Road,
    { address, direction }: { address: Multiaddr; direction: 'inbound' | 'outbound' },
  ): MultiaddrConnection {
    const log = this.#components.logger.forComponent('kithmesh:splice')
    const connection = road.connection({ remoteAddr: address, direction, log })
    markSpliced(connection)
    return connection
  }
}

interface Dialled {
  readonly address: Multiaddr
  readonly peer: PeerId
  readonly options: DialTransportOptions
}

const EVERYBODY = '*'

/** What a relay says of a peer is true of a circuit to it too: asking again would only cost. */
class RefusedByRelay extends Error {
  readonly status: number

  constructor(status: number) {
    super(`status ${status}`)
    this.status = status
  }

  asNetError(): NetError {
    return new NetError('ERR_UNREACHABLE', `The relay says: ${statusText(this.status)}`)
  }
}

async function ask(
  stream: Stream,
  question: SpliceMessage,
  signal: AbortSignal,
): Promise<SpliceMessage> {
  const lp = lpStream(stream, { maxDataLength: MAX_CIRCUIT_MESSAGE_BYTES })
  await lp.write(spliceMessageCodec.encode(question), { signal })
  return spliceMessageCodec.decode((await lp.read({ signal })).subarray())
}

/** Undefined when the other device does not splice. @throws RefusedByRelay when a circuit would be refused as well */
function grantedBy(answer: SpliceMessage): SpliceTicket | undefined {
  if (answer.kind !== 'status') {
    throw new NetError('ERR_FRAME_MALFORMED', 'The relay answered with a question')
  }
  switch (answer.status) {
    case CIRCUIT_STATUS.ok:
      return answer.granted
    case CIRCUIT_STATUS.noReservation:
    case CIRCUIT_STATUS.permissionDenied:
    case CIRCUIT_STATUS.resourceLimitExceeded:
      throw new RefusedByRelay(answer.status)
    default:
      return undefined
  }
}

/** Ends with the stream too: a relay that gives up a splice resets the stream it was asked on. */
function until(stream: Stream, signal: AbortSignal): AbortSignal {
  const reset = new AbortController()
  stream.addEventListener('close', ({ error }) => {
    if (error !== undefined) reset.abort(error)
  })
  return AbortSignal.any([signal, reset.signal])
}

function isUnsupported(error: unknown): boolean {
  return error instanceof Error && error.name === 'UnsupportedProtocolError'
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error))
}
