import {
  CIRCUIT_STATUS,
  type CircuitStatus,
  type Clock,
  type HopMessage,
  hopMessageCodec,
  isNetError,
  type NetIdentity,
  type Reservation,
  STOP_PROTOCOL,
  sealVoucher,
  stopMessageCodec,
} from '@kithmesh/net'
import type { Connection, PeerId, Stream } from '@libp2p/interface'
import { type CircuitLedger, createCircuitLedger } from './circuit-ledger.ts'
import { type Counters, REFUSAL_STATUS, type RefusalReason } from './counters.ts'
import { readMessage, sendMessage } from './hop-stream.ts'
import type { RelayLimits } from './limits.ts'
import { createPacer, createQuota, type Pacer, type Quota } from './rate.ts'
import { createReservations, type Reservations } from './reservations.ts'
import { sourceOf } from './source-address.ts'
import { type Splice, type SpliceEnd, splice } from './splice.ts'

/** What a {@link HopService} is made from. */
export interface HopServiceOptions {
  readonly identity: NetIdentity
  readonly limits: RelayLimits
  readonly counters: Counters
  readonly clock: Clock
  /** Binary multiaddrs of the relay to hand to a client at this address. */
  addressesFor(connection: Connection): readonly Uint8Array[]
  /** ms a request may take until its answer. Default 10 s (rule RLY-2). */
  readonly timeout?: number
  /** ms a reader may take nothing before its circuit is reset. */
  readonly stallTimeout?: number
}

/** The relay's side of circuit relay v2. */
export interface HopService {
  /** Answers one stream of the hop protocol; settles when it is answered or spliced. */
  answer(stream: Stream, connection: Connection): Promise<void>
  reservations(): number
  /** Whether the standing reservation of its peer was made over this connection. */
  isReserved(connection: Connection): boolean
  circuits(): number
  bufferedBytes(): number
  /** Refuses everything new from now on. */
  drain(): void
  /** Settles when no circuit is open; rejects with the signal's reason. */
  drained(signal: AbortSignal): Promise<void>
  /** Resets all circuits. */
  close(): void
}

/** A request is read, and its target asked, within this time, whoever is slow (rule RLY-2). */
const HOP_TIMEOUT_MS = 10_000
/** A stream that was answered is closed by both sides in this time, or reset. */
const CLOSE_TIMEOUT_MS = 5_000

/** A household's devices that all come back at once may ask this many seconds' worth of requests. */
const BURST_SECONDS = 10
/** Addresses whose requests are counted apart: ~1 MB. */
const MAX_SOURCES = 10_000

/**
 * Streams of the hop protocol one connection may have open: its circuits and some requests on
 * their way, so that the limit on circuits answers before libp2p resets the stream.
 */
export function maxHopStreams(limits: RelayLimits): number {
  return limits.maxCircuitsPerPeer + 16
}

/** A relay without reservations. */
export function createHopService(options: HopServiceOptions): HopService {
  const reservations = createReservations<Connection>(options.limits, options.clock)
  const ledger = createCircuitLedger(options.limits)
  const context: HopContext = {
    ...options,
    reservations,
    ledger,
    pacer: createPacer(options.limits.maxRate, options.clock),
    withinQuota: createRequestQuota(options),
    splices: new Set(),
    draining: false,
  }
  return {
    answer: (stream, connection) => answer(context, stream, connection),
    reservations: () => reservations.count(),
    isReserved: (connection) =>
      reservations.get(keyOf(connection.remotePeer))?.connection === connection,
    circuits: () => ledger.count(),
    bufferedBytes: () => [...context.splices].reduce((sum, one) => sum + one.bufferedBytes(), 0),
    drain: () => {
      context.draining = true
    },
    drained: (signal) => allDone(context.splices, signal),
    close: () => {
      context.draining = true
      for (const one of context.splices) one.abort(new Error('The relay is stopping'))
    },
  }
}

function createRequestQuota({ limits, clock }: HopServiceOptions): Quota {
  const perSecond = limits.maxRequestsPerSecond
  return createQuota(
    { perSecond, burst: perSecond * BURST_SECONDS, maxSources: MAX_SOURCES },
    clock,
  )
}

interface HopContext extends HopServiceOptions {
  readonly reservations: Reservations<Connection>
  readonly ledger: CircuitLedger
  readonly pacer: Pacer
  readonly withinQuota: Quota
  readonly splices: Set<Splice>
  draining: boolean
}

/** One request, whole: who asks over which connection, and what came behind it. */
interface HopCall {
  readonly stream: Stream
  readonly connection: Connection
  /** What per-address limits count the caller under. */
  readonly source: string
  readonly rest: Uint8Array
  readonly signal: AbortSignal
}

async function answer(context: HopContext, stream: Stream, connection: Connection): Promise<void> {
  const signal = AbortSignal.timeout(context.timeout ?? HOP_TIMEOUT_MS)
  const source = sourceOf(connection.remoteAddr)
  const read = await readRequest(stream, signal)
  if (read === undefined) return stream.abort(new Error('No request came'))
  const call = { stream, connection, source, rest: read.rest, signal }
  const { request } = read
  if (request.kind === 'malformed') return refuse(context, call, 'malformed')
  if (isOverRelay(connection)) return refuse(context, call, 'over_relay')
  if (!context.withinQuota(source)) return refuse(context, call, 'rate')
  switch (request.kind) {
    case 'status':
      return refuse(context, call, 'unexpected')
    case 'reserve':
      return reserve(context, call)
    case 'connect':
      return connect(context, call, request.peer)
  }
}

interface ReadRequest {
  readonly request: HopMessage | { readonly kind: 'malformed' }
  readonly rest: Uint8Array
}

/** Undefined when nothing came in time: there is nobody to answer. */
async function readRequest(stream: Stream, signal: AbortSignal): Promise<ReadRequest | undefined> {
  try {
    const { frame, rest } = await readMessage(stream, signal)
    return { request: hopMessageCodec.decode(frame), rest }
  } catch (error) {
    if (!isNetError(error)) return undefined
    return { request: { kind: 'malformed' }, rest: new Uint8Array(0) }
  }
}

/** A relay reached over a relay would be a chain: refused, as the stock relays do. */
function isOverRelay({ remoteAddr, limits }: Connection): boolean {
  return limits !== undefined || remoteAddr.toString().includes('/p2p-circuit')
}

async function reserve(context: HopContext, call: HopCall): Promise<void> {
  if (context.draining) return refuse(context, call, 'reservation_draining')
  const { connection, source } = call
  const peer = keyOf(connection.remotePeer)
  const wasReserved = context.reservations.get(peer)?.connection === connection
  const outcome = context.reservations.reserve(peer, { connection, source })
  switch (outcome.kind) {
    case 'full':
      return refuse(context, call, 'reservation_full')
    case 'address-full':
      return refuse(context, call, 'reservation_address_full')
    case 'granted':
      if (!wasReserved) releaseWithConnection(context, peer, connection)
      context.counters.reservationsGranted += 1
      return grant(context, call, outcome.expiresAt)
  }
}

/** A device that left holds no place, and cannot be dialled (rule RLY-4). */
function releaseWithConnection(context: HopContext, peer: string, connection: Connection): void {
  const release = (): void => context.reservations.release(peer, connection)
  connection.addEventListener('close', release, { once: true })
  if (connection.status !== 'open') release()
}

async function grant(context: HopContext, call: HopCall, expiresAtMs: number): Promise<void> {
  // The specification counts in seconds (rule RLY-3); rounded down, never promising more.
  const expire = Math.floor(expiresAtMs / 1000)
  const peer = call.connection.remotePeer.toMultihash().bytes
  const voucher = await sealVoucher({ peer, expire }, context.identity)
  const addresses = context.addressesFor(call.connection)
  const reservation = { expire, addresses, voucher }
  await reply(call, statusMessage(CIRCUIT_STATUS.ok, reservation))
}

async function connect(context: HopContext, call: HopCall, target: Uint8Array): Promise<void> {
  if (context.draining) return refuse(context, call, 'circuit_draining')
  const key = toHex(target)
  const reservation = context.reservations.get(key)
  if (reservation === undefined) return refuse(context, call, 'no_reservation')
  const initiator = keyOf(call.connection.remotePeer)
  const close = context.ledger.open({ initiator, target: key, source: call.source })
  if (close === undefined) return refuse(context, call, 'circuit_limit')
  const targetEnd = await stop(reservation.connection, call)
  if (targetEnd === undefined) {
    close()
    return refuse(context, call, 'target_failed')
  }
  try {
    sendMessage(call.stream, statusMessage(CIRCUIT_STATUS.ok))
  } catch {
    close()
    return targetEnd.stream.abort(new Error('The initiator is gone'))
  }
  join(context, { call, targetEnd, close })
}

/** Asks the target to take the circuit; undefined when it does not. */
async function stop(connection: Connection, call: HopCall): Promise<SpliceEnd | undefined> {
  const { signal } = call
  let stream: Stream | undefined
  try {
    stream = await connection.newStream(STOP_PROTOCOL, {
      signal,
      maxOutboundStreams: Number.POSITIVE_INFINITY, // the ledger counts circuits
      runOnLimitedConnection: true,
    })
    const peer = call.connection.remotePeer.toMultihash().bytes
    sendMessage(stream, stopMessageCodec.encode({ kind: 'connect', peer }))
    const { frame, rest } = await readMessage(stream, signal)
    const answer = stopMessageCodec.decode(frame)
    if (answer.kind !== 'status') throw new Error('The target answered with a question')
    if (answer.status === CIRCUIT_STATUS.ok) return { stream, rest }
    stream.close({ signal }).catch(() => {})
  } catch (error) {
    stream?.abort(error instanceof Error ? error : new Error('The target failed'))
  }
  return undefined
}

function join(
  context: HopContext,
  ends: { readonly call: HopCall; readonly targetEnd: SpliceEnd; close(): void },
): void {
  const { call, targetEnd, close } = ends
  context.counters.circuitsOpened += 1
  const circuit = splice({ stream: call.stream, rest: call.rest }, targetEnd, {
    onBytes: (count) => {
      context.counters.bytes += count
      return context.pacer.take(count)
    },
    ...(context.stallTimeout === undefined ? {} : { stallTimeout: context.stallTimeout }),
  })
  context.splices.add(circuit)
  void circuit.done.then(() => {
    context.splices.delete(circuit)
    close()
  })
}

async function refuse(context: HopContext, call: HopCall, reason: RefusalReason): Promise<void> {
  context.counters.refusals[reason] += 1
  await reply(call, statusMessage(REFUSAL_STATUS[reason]))
}

/** An answer on the hop protocol. Carries no limit, as circuits have none (rule RLY-5). */
function statusMessage(status: CircuitStatus, reservation?: Reservation): Uint8Array {
  return hopMessageCodec.encode({
    kind: 'status',
    status,
    ...(reservation === undefined ? {} : { reservation }),
  })
}

/** Sends the last message of a stream and sees it closed in time by both sides, or resets it. */
async function reply({ stream }: HopCall, message: Uint8Array): Promise<void> {
  if (stream.writeStatus !== 'writable') return
  const signal = AbortSignal.timeout(CLOSE_TIMEOUT_MS)
  const onTimeout = (): void => stream.abort(new Error('The stream was not closed in time'))
  signal.addEventListener('abort', onTimeout)
  stream.addEventListener('close', () => signal.removeEventListener('abort', onTimeout))
  try {
    sendMessage(stream, message)
    await stream.close({ signal })
  } catch {
    // gone while we answered: nobody is left to tell
  }
}

async function allDone(splices: ReadonlySet<Splice>, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted()
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  signal.addEventListener('abort', () => reject(signal.reason), { once: true })
  void Promise.all([...splices].map(({ done }) => done)).then(() => resolve())
  return promise
}

/** Peers are told apart by the bytes of their id. */
function keyOf(peer: PeerId): string {
  return toHex(peer.toMultihash().bytes)
}

function toHex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}
