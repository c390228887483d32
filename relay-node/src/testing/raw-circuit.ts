import {
  CIRCUIT_STATUS,
  HOP_PROTOCOL,
  hopMessageCodec,
  STOP_PROTOCOL,
  stopMessageCodec,
} from '@kithmesh/net'
import type { Libp2p, Stream } from '@libp2p/interface'
import { multiaddr } from '@multiformats/multiaddr'
import { readMessage, sendMessage } from '../hop/hop-stream.ts'

/** The circuit protocol by hand, so that a test can do what no honest client does. */

/** Longer than any answer takes. */
const PATIENCE_MS = 15_000

/** A request to reserve. */
export const RESERVE: Uint8Array = hopMessageCodec.encode({ kind: 'reserve' })

/** A request for a circuit to a peer. */
export function connectTo(peer: Libp2p): Uint8Array {
  return hopMessageCodec.encode({ kind: 'connect', peer: peer.peerId.toMultihash().bytes })
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
  const { frame } = await readMessage(stream, AbortSignal.timeout(PATIENCE_MS))
  const answer = hopMessageCodec.decode(frame)
  if (answer.kind !== 'status') throw new Error(`The relay answered ${answer.kind}`)
  const { status, reservation, limit } = answer
  return {
    status,
    ...(reservation === undefined ? {} : { expiresAt: reservation.expire }),
    ...(reservation?.voucher === undefined ? {} : { voucher: reservation.voucher }),
    addresses: (reservation?.addresses ?? []).map((bytes) => multiaddr(bytes).toString()),
    limited: limit !== undefined,
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
    const answer = stopMessageCodec.encode({ kind: 'status', status: CIRCUIT_STATUS.ok })
    void stream.send(Uint8Array.of(answer.length, ...answer, ...behindStatus))
    const next = waiting.shift()
    if (next === undefined) circuits.push(stream)
    else next(stream)
  })
  const { status } = await ask(peer, relay, RESERVE)
  if (status !== CIRCUIT_STATUS.ok) throw new Error(`The relay answered ${status}`)
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
  if (answer.status !== CIRCUIT_STATUS.ok) throw new Error(`The relay answered ${answer.status}`)
  return { initiator: answer.stream, target }
}

/** A status where the relay expects a request. */
export const UNASKED_STATUS: Uint8Array = hopMessageCodec.encode({
  kind: 'status',
  status: CIRCUIT_STATUS.ok,
})
