import {
  CIRCUIT_STATUS,
  isNetError,
  JOINED,
  type Present,
  type RawRoad,
  type Rng,
  SPLICE_PROTOCOL,
  type SpliceMessage,
  spliceMessageCodec,
  spliceStatus,
  TICKET_BYTES,
} from '@kithmesh/net'
import type { Connection, Stream } from '@libp2p/interface'
import { type Counters, REFUSAL_STATUS, type RefusalReason } from '../counters.ts'
import { readMessage, sendMessage } from '../hop/hop-stream.ts'
import { closeInTime } from '../hop/stream-end.ts'
import type { Admitted, Switchboard } from '../hop/switchboard.ts'
import { cut, laneOf } from './lane.ts'
import { joinSockets } from './socket-pair.ts'

/** What splices are made from. */
export interface SpliceServiceOptions {
  readonly board: Switchboard
  readonly counters: Counters
  readonly rng: Rng
  /** Binary multiaddrs of the relay at which a client at this address may present a ticket. */
  addressesFor(connection: Connection): readonly Uint8Array[]
  /** ms from the request until both sockets are there. */
  readonly timeout: number
  /** ms a reader may take nothing before its splice is closed. */
  readonly stallTimeout?: number
}

/** The relay's side of spliced roads (rules RLY-50 … RLY-55). */
export interface SpliceService {
  /** Answers one request; settles when both sockets are joined, or are not to be. */
  answer(stream: Stream, connection: Connection): Promise<void>
  readonly present: Present
  /** Splices open now. */
  count(): number
  /** Gives up those that are being made. */
  close(): void
}

/** No splices yet. */
export function createSpliceService(options: SpliceServiceOptions): SpliceService {
  const context: SpliceContext = { ...options, tickets: new Map(), making: new Set(), open: 0 }
  return {
    answer: (stream, connection) => answer(context, stream, connection),
    present: (ticket, road) => present(context, ticket, road),
    count: () => context.open,
    close: () => {
      for (const attempt of context.making) attempt.fail(new Error('The relay is stopping'))
    },
  }
}

interface SpliceContext extends SpliceServiceOptions {
  /** Tickets nobody presented yet. A ticket leaves when it is presented: there is no second time. */
  readonly tickets: Map<string, Ticket>
  readonly making: Set<Attempt>
  open: number
}

interface Ticket {
  readonly attempt: Attempt
  readonly end: End
}

type End = 'initiator' | 'target'

/** Two sockets that are waited for. */
interface Attempt {
  readonly tickets: Readonly<Record<End, Uint8Array>>
  arrived(end: End, road: RawRoad): void
  fail(reason: Error): void
  /** Both are there, or never will be. */
  readonly roads: Promise<Readonly<Record<End, RawRoad>>>
}

/** One request, whole. */
interface SpliceCall {
  readonly stream: Stream
  readonly connection: Connection
  readonly signal: AbortSignal
}

async function answer(
  context: SpliceContext,
  stream: Stream,
  connection: Connection,
): Promise<void> {
  const signal = AbortSignal.timeout(context.timeout)
  const call = { stream, connection, signal }
  const request = await readRequest(stream, signal)
  switch (request?.kind) {
    case undefined:
      return stream.abort(new Error('No request came'))
    case 'malformed':
      return refuse(context, call, 'malformed')
    case 'connect': {
      const admitted = context.board.admit(connection, request.peer)
      if (admitted.kind === 'refused') return refuse(context, call, admitted.reason)
      return splice(context, call, admitted)
    }
    default:
      return refuse(context, call, 'unexpected')
  }
}

/** Undefined when nothing came in time. */
async function readRequest(
  stream: Stream,
  signal: AbortSignal,
): Promise<SpliceMessage | { readonly kind: 'malformed' } | undefined> {
  try {
    return spliceMessageCodec.decode((await readMessage(stream, signal)).frame)
  } catch (error) {
    return isNetError(error) ? { kind: 'malformed' } : undefined
  }
}

async function splice(context: SpliceContext, call: SpliceCall, admitted: Admitted): Promise<void> {
  const attempt = startAttempt(context, call.signal)
  const invited = await invite(context, call, { admitted, attempt })
  if (invited === undefined) {
    attempt.fail(new Error('The target does not take it'))
    admitted.close()
    return refuse(context, call, 'target_failed')
  }
  try {
    const addresses = context.addressesFor(call.connection)
    const granted = { ticket: attempt.tickets.initiator, addresses }
    const { ok } = CIRCUIT_STATUS
    failWith(attempt, call.stream)
    sendMessage(call.stream, spliceMessageCodec.encode({ kind: 'status', status: ok, granted }))
    join(context, await attempt.roads, admitted)
    await Promise.all([closeInTime(call.stream), closeInTime(invited)])
  } catch (error) {
    const reason = error instanceof Error ? error : new Error('The splice failed')
    attempt.fail(reason)
    admitted.close()
    call.stream.abort(reason)
    invited.abort(reason)
  }
}

/** Asks the target to come; the stream it agreed on, undefined when it did not. */
async function invite(
  context: SpliceContext,
  { connection, signal }: SpliceCall,
  { admitted, attempt }: { readonly admitted: Admitted; readonly attempt: Attempt },
): Promise<Stream | undefined> {
  let stream: Stream | undefined
  try {
    stream = await admitted.target.newStream(SPLICE_PROTOCOL, {
      signal,
      maxOutboundStreams: Number.POSITIVE_INFINITY, // the ledger counts
    })
    failWith(attempt, stream)
    const peer = connection.remotePeer.toMultihash().bytes
    const addresses = context.addressesFor(admitted.target)
    const { target: ticket } = attempt.tickets
    sendMessage(stream, spliceMessageCodec.encode({ kind: 'invite', peer, ticket, addresses }))
    const answer = spliceMessageCodec.decode((await readMessage(stream, signal)).frame)
    if (answer.kind === 'status' && answer.status === CIRCUIT_STATUS.ok) return stream
    stream.close({ signal }).catch(() => {})
  } catch (error) {
    stream?.abort(error instanceof Error ? error : new Error('The target failed'))
  }
  return undefined
}

/** Issues both tickets; they are good until the signal, once, and for nothing else (rule RLY-52). */
function startAttempt(context: SpliceContext, signal: AbortSignal): Attempt {
  const { promise: roads, resolve, reject } = Promise.withResolvers<Record<End, RawRoad>>()
  const here = new Map<End, RawRoad>()
  const tickets = {
    initiator: context.rng.bytes(TICKET_BYTES),
    target: context.rng.bytes(TICKET_BYTES),
  }
  const forget = (): void => {
    context.making.delete(attempt)
    signal.removeEventListener('abort', onTimeout)
    for (const ticket of Object.values(tickets)) context.tickets.delete(keyOf(ticket))
  }
  let isSettled = false
  const attempt: Attempt = {
    tickets,
    roads,
    arrived(end, road) {
      here.set(end, road)
      road.on('close', () => attempt.fail(new Error('A socket was closed')))
      const { initiator, target } = Object.fromEntries(here)
      if (initiator === undefined || target === undefined) return
      isSettled = true
      forget()
      resolve({ initiator, target })
    },
    fail(reason) {
      if (isSettled) return
      isSettled = true
      forget()
      for (const road of here.values()) cut(road)
      reject(reason)
    },
  }
  const onTimeout = (): void => attempt.fail(new Error('Nobody came in time'))
  roads.catch(() => {}) // who waits for it hears it; often nobody does yet
  context.making.add(attempt)
  context.tickets.set(keyOf(tickets.initiator), { attempt, end: 'initiator' })
  context.tickets.set(keyOf(tickets.target), { attempt, end: 'target' })
  signal.addEventListener('abort', onTimeout)
  if (signal.aborted) onTimeout()
  return attempt
}

/** A device that resets the stream it was told on is not coming. */
function failWith(attempt: Attempt, stream: Stream): void {
  stream.addEventListener('close', ({ error }) => {
    if (error !== undefined) attempt.fail(error)
  })
}

function present({ tickets, counters }: SpliceContext, ticket: Uint8Array, road: RawRoad): void {
  const key = keyOf(ticket)
  const found = tickets.get(key)
  tickets.delete(key)
  if (found !== undefined) return found.attempt.arrived(found.end, road)
  counters.refusals.ticket += 1
  cut(road)
}

function join(
  context: SpliceContext,
  { initiator, target }: Readonly<Record<End, RawRoad>>,
  admitted: Admitted,
): void {
  const { board, counters, stallTimeout } = context
  counters.splicesOpened += 1
  context.open += 1
  for (const road of [initiator, target]) road.write(JOINED)
  const pair = joinSockets(laneOf(initiator), laneOf(target), {
    onBytes: admitted.opened(),
    ...(stallTimeout === undefined ? {} : { stallTimeout }),
  })
  board.keep(pair, admitted)
  void pair.done.then(() => {
    context.open -= 1
  })
}

async function refuse(
  { counters }: SpliceContext,
  { stream }: SpliceCall,
  reason: RefusalReason,
): Promise<void> {
  counters.refusals[reason] += 1
  if (stream.writeStatus !== 'writable') return
  try {
    sendMessage(stream, spliceStatus(REFUSAL_STATUS[reason]))
  } catch {
    return // gone while we answered: nobody is left to tell
  }
  await closeInTime(stream)
}

function keyOf(ticket: Uint8Array): string {
  return Buffer.from(ticket).toString('hex')
}
