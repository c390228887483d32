import type { Libp2p, Stream } from '@libp2p/interface'
import { multiaddr } from '@multiformats/multiaddr'
import { encodeHopStatus, HOP_PROTOCOL, STATUS, STOP_PROTOCOL } from '../hop-message.ts'
import { readMessage, sendMessage } from '../hop-stream.ts'
import { bytesField, concat, numberField, readFields, varint, type WireField } from '../protobuf.ts'

/** The circuit protocol by hand, so that a test can do what no honest client does. */

/** Longer than any answer takes. */
const PATIENCE_MS = 15_000

/** A request to reserve. */
export const RESERVE: Uint8Array = numberField(1, 0)

/** A request for a circuit to a peer. */
export function connectTo(peer: Libp2p): Uint8Array {
  return concat([numberField(1, 1), bytesField(2, bytesField(1, peer.peerId.toMultihash().bytes))])
}

/** What a relay answered. */
export interface HopAnswer {
  readonly status: number
  /** Seconds since 1970 UTC. */
  readonly expiresAt?: number
  readonly addresses: readonly string[]
  readonly voucher?: Uint8Array
  /** Whether the answer names any limit. */
  readonly limited: boolean
  /** The stream, paused behind the answer. */
  readonly stream: Stream
}

/** Asks a relay one thing and reads its answer. */
export async function ask(peer: Libp2p, relay: string, request: Uint8Array): Promise<HopAnswer> {
  const stream = await openHop(peer, relay)
  sendMessage(stream, request)
  return readAnswer(stream)
}

/** A stream of the hop protocol on which nothing is said yet. */
export async function openHop(peer: Libp2p, relay: string): Promise<Stream> {
  return peer.dialProtocol(multiaddr(relay), HOP_PROTOCOL)
}

/** Reads the answer of a relay to whatever was said before. */
export async function readAnswer(stream: Stream): Promise<HopAnswer> {
  const { message } = await readMessage(stream, AbortSignal.timeout(PATIENCE_MS))
  const fields = readFields(message)
  const reservation = readFields(bytesOf(fields, 3)[0] ?? new Uint8Array(0))
  const [expiresAt] = numbersOf(reservation, 1)
  const [voucher] = bytesOf(reservation, 3)
  return {
    status: numbersOf(fields, 5)[0] ?? 0,
    ...(expiresAt === undefined ? {} : { expiresAt }),
    ...(voucher === undefined ? {} : { voucher }),
    addresses: bytesOf(reservation, 2).map((bytes) => multiaddr(bytes).toString()),
    limited: fields.some(({ number }) => number === 4),
    stream,
  }
}

/**
 * Reserves for a peer and takes every circuit by hand. The result waits for the next circuit that
 * ends at the peer, as a paused stream. `behindStatus` goes out with the answer to it.
 */
export async function reserveByHand(
  peer: Libp2p,
  relay: string,
  { behindStatus = new Uint8Array(0) }: { readonly behindStatus?: Uint8Array } = {},
): Promise<() => Promise<Stream>> {
  const circuits: Stream[] = []
  const waiting: ((stream: Stream) => void)[] = []
  await peer.handle(STOP_PROTOCOL, async (stream) => {
    await readMessage(stream, AbortSignal.timeout(PATIENCE_MS))
    const answer = concat([numberField(1, 1), numberField(4, STATUS.OK)])
    void stream.send(concat([varint(answer.length), answer, behindStatus]))
    const next = waiting.shift()
    if (next === undefined) circuits.push(stream)
    else next(stream)
  })
  const { status } = await ask(peer, relay, RESERVE)
  if (status !== STATUS.OK) throw new Error(`The relay answered ${status}`)
  return () => {
    const circuit = circuits.shift()
    return circuit === undefined
      ? new Promise((resolve) => waiting.push(resolve))
      : Promise.resolve(circuit)
  }
}

/** Both ends of a circuit between two peers that speak by hand. */
export interface RawCircuit {
  readonly initiator: Stream
  readonly target: Stream
}

/** A circuit from one peer to another that reserved by hand. Both ends come paused. */
export async function openCircuit(
  from: Libp2p,
  relay: string,
  { to, next }: { readonly to: Libp2p; next(): Promise<Stream> },
): Promise<RawCircuit> {
  const [answer, target] = await Promise.all([ask(from, relay, connectTo(to)), next()])
  if (answer.status !== STATUS.OK) throw new Error(`The relay answered ${answer.status}`)
  return { initiator: answer.stream, target }
}

/** A status where the relay expects a request. */
export const UNASKED_STATUS: Uint8Array = encodeHopStatus(STATUS.OK)

function numbersOf(fields: readonly WireField[], number: number): readonly number[] {
  return fields.flatMap((field) =>
    field.number === number && field.kind === 'varint' ? [Number(field.value)] : [],
  )
}

function bytesOf(fields: readonly WireField[], number: number): readonly Uint8Array[] {
  return fields.flatMap((field) =>
    field.number === number && field.kind === 'bytes' ? [field.value] : [],
  )
}
