import {
  CIRCUIT_STATUS,
  type CircuitStatus,
  HOP_PROTOCOL,
  type HopMessage,
  hopMessageCodec,
  isNetError,
  type PeerIdText,
  type Present,
  type Reservation,
  type Rng,
  SPLICE_PROTOCOL,
  STOP_PROTOCOL,
  sealVoucher,
  stopMessageCodec,
  USAGE_PROTOCOL,
} from '@kithmesh/net'
import type { Connection, Stream } from '@libp2p/interface'
import { REFUSAL_STATUS, type RefusalReason } from '../counters.ts'
import { systemRng } from '../environment.ts'
import type { RelayLimits } from '../limits.ts'
import { OPEN_ACCESS } from '../ownership/access.ts'
import { createSpliceService } from '../splice/splice-service.ts'
import { type CircuitEnd, joinStreams } from './circuit.ts'
import { readMessage, sendMessage } from './hop-stream.ts'
import { closeInTime } from './stream-end.ts'
import {
  type Admitted,
  createSwitchboard,
  type Switchboard,
  type SwitchboardOptions,
} from './switchboard.ts'
import { answerUsage } from './usage.ts'

/** What a {@link HopService} is made from. */
export interface HopServiceOptions extends SwitchboardOptions {
  /** Binary multiaddrs of the relay to hand to a client at this address. */
  addressesFor(connection: Connection): readonly Uint8Array[]
  /** For tickets. Default: the system's. */
  readonly rng?: Rng
  /** ms a request may take until its answer. Default 10 s (rule RLY-2). */
  readonly timeout?: number
  /** ms a reader may take nothing before its circuit is reset. */
  readonly stallTimeout?: number
}

/** Answers one stream. */
type RelayAnswer = (stream: Stream, connection: Connection) => Promise<void>

/** The relay's side of circuit relay v2, and of splices. */
export interface HopService {
  /** Answers one stream of the hop protocol; settles when it is answered or spliced. */
  answer(stream: Stream, connection: Connection): Promise<void>
  /** What answers each protocol of a relay's clients: circuits, splices, and sums where they are kept. */
  readonly answers: Readonly<Record<string, RelayAnswer>>
  /** Takes a socket that presented a ticket. */
  readonly present: Present
  reservations(): number
  /** Whether the standing reservation of its peer was made over this connection. */
  isReserved(connection: Connection): boolean
  /** Whether a connection serves for anything: a reservation, a circuit, or a request on its way. */
  isUsed(connection: Connection): boolean
  /** Circuits open now, splices included. */
  circuits(): number
  splices(): number
  bufferedBytes(): number
  /** Refuses everything new from now on. */
  drain(): void
  /** Settles when no circuit is open; rejects with the signal's reason. */
  drained(signal: AbortSignal): Promise<void>
  /** Resets all circuits and splices that are open; new ones may be asked for. */
  endCircuits(reason: Error): void
  /** Resets what these peers are an end of, as when they may not use the relay any more. */
  cutOff(peers: ReadonlySet<PeerIdText>): void
  /** Resets all circuits, for good. */
  close(): void
}

/** A request is read, and its target asked, within this time, whoever is slow (rule RLY-2). */
const HOP_TIMEOUT_MS = 10_000

/**
 * Streams of the hop protocol one connection may have open: its circuits and some requests on
 * their way, so that the limit on circuits answers before libp2p resets the stream.
 */
export function maxHopStreams(limits: RelayLimits): number {
  return limits.maxCircuitsPerPeer + 16
}

/** A relay without reservations. */
export function createHopService(options: HopServiceOptions): HopService {
  const board = createSwitchboard(options)
  const { timeout = HOP_TIMEOUT_MS } = options
  const context: HopContext = { ...options, board, timeout }
  const splices = createSpliceService({ ...options, board, timeout, rng: options.rng ?? systemRng })
  const isReserved = (connection: Connection): boolean => board.isReserved(connection)
  return {
    answer: (stream, connection) => answer(context, stream, connection),
    answers: {
      [HOP_PROTOCOL]: (stream, connection) => answer(context, stream, connection),
      [SPLICE_PROTOCOL]: splices.answer,
      ...usageAnswer(options),
    },
    present: splices.present,
    reservations: () => board.reservations(),
    isReserved,
    isUsed: (connection) =>
      isReserved(connection) ||
      connection.streams.some(({ protocol }) => RELAY_PROTOCOLS.has(protocol)),
    circuits: () => board.circuits(),
    splices: () => splices.count(),
    bufferedBytes: () => board.bufferedBytes(),
    drain: () => board.drain(),
    drained: (signal) => board.drained(signal),
    endCircuits: (reason) => board.end(reason),
    cutOff: (peers) => board.endOf(peers, new Error('It may not use this relay any more')),
    close: () => {
      board.drain()
      splices.close()
      board.end(new Error('The relay is stopping'))
    },
  }
}

function usageAnswer({
  usage: book,
  access = OPEN_ACCESS,
  identity,
}: HopServiceOptions): Readonly<Record<string, RelayAnswer>> {
  if (book === undefined) return {}
  return {
    [USAGE_PROTOCOL]: (stream, connection) =>
      answerUsage(stream, connection, { book, access, identity }),
  }
}

const RELAY_PROTOCOLS: ReadonlySet<string> = new Set([HOP_PROTOCOL, STOP_PROTOCOL, SPLICE_PROTOCOL])

interface HopContext extends HopServiceOptions {
  readonly board: Switchboard
  readonly timeout: number
}

/** One request, whole: who asks over which connection, and what came behind it. */
interface HopCall {
  readonly stream: Stream
  readonly connection: Connection
  readonly rest: Uint8Array
  readonly signal: AbortSignal
}

async function answer(context: HopContext, stream: Stream, connection: Connection): Promise<void> {
  const signal = AbortSignal.timeout(context.timeout)
  const read = await readRequest(stream, signal)
  if (read === undefined) return stream.abort(new Error('No request came'))
  const call = { stream, connection, rest: read.rest, signal }
  const { request } = read
  switch (request.kind) {
    case 'malformed':
      return refuse(context, call, 'malformed')
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

async function reserve(context: HopContext, call: HopCall): Promise<void> {
  const outcome = context.board.reserve(call.connection)
  if (outcome.kind === 'refused') return refuse(context, call, outcome.reason)
  // The specification counts in seconds (rule RLY-3); rounded down, never promising more.
  const expire = Math.floor(outcome.expiresAt / 1000)
  const peer = call.connection.remotePeer.toMultihash().bytes
  const voucher = await sealVoucher({ peer, expire }, context.identity)
  const addresses = context.addressesFor(call.connection)
  await reply(call, statusMessage(CIRCUIT_STATUS.ok, { expire, addresses, voucher }))
}

async function connect(context: HopContext, call: HopCall, target: Uint8Array): Promise<void> {
  const admitted = context.board.admit(call.connection, target)
  if (admitted.kind === 'refused') return refuse(context, call, admitted.reason)
  const targetEnd = await stop(admitted.target, call)
  if (targetEnd === undefined) {
    admitted.close()
    return refuse(context, call, 'target_failed')
  }
  try {
    sendMessage(call.stream, statusMessage(CIRCUIT_STATUS.ok))
  } catch {
    admitted.close()
    return targetEnd.stream.abort(new Error('The initiator is gone'))
  }
  join(context, { call, targetEnd, admitted })
}

/** Asks the target to take the circuit; undefined when it does not. */
async function stop(connection: Connection, call: HopCall): Promise<CircuitEnd | undefined> {
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
  { board, stallTimeout }: HopContext,
  ends: {
    readonly call: HopCall
    readonly targetEnd: CircuitEnd
    readonly admitted: Admitted
  },
): void {
  const { call, targetEnd, admitted } = ends
  const circuit = joinStreams({ stream: call.stream, rest: call.rest }, targetEnd, {
    onBytes: admitted.opened(),
    ...(stallTimeout === undefined ? {} : { stallTimeout }),
  })
  board.keep(circuit, admitted)
}

async function refuse({ counters }: HopContext, call: HopCall, reason: RefusalReason) {
  counters.refusals[reason] += 1
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
  try {
    sendMessage(stream, message)
  } catch {
    return // gone while we answered: nobody is left to tell
  }
  await closeInTime(stream)
}
