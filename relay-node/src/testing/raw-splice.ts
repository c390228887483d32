import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import {
  CIRCUIT_STATUS,
  SPLICE_PROTOCOL,
  type SpliceMessage,
  type SpliceTicket,
  spliceMessageCodec,
  spliceStatus,
} from '@kithmesh/net'
import type { Libp2p, Stream } from '@libp2p/interface'
import { multiaddr } from '@multiformats/multiaddr'
import { readMessage, sendMessage } from '../hop/hop-stream.ts'
import { ask, RESERVE } from './raw-circuit.ts'

/** Splices by hand, so that a test can do what no honest device does. */

const PATIENCE_MS = 15_000

/** What a relay answered to a request for a splice. */
export interface SpliceAnswer {
  readonly status: number
  readonly ticket: Uint8Array
  readonly addresses: readonly string[]
  readonly stream: Stream
}

/** Asks a relay to splice a peer with another. */
export async function askSplice(from: Libp2p, relay: string, to: Libp2p): Promise<SpliceAnswer> {
  const stream = await openSplice(from, relay)
  const peer = to.peerId.toMultihash().bytes
  sendMessage(stream, spliceMessageCodec.encode({ kind: 'connect', peer }))
  return readSpliceAnswer(stream)
}

/** A stream of the splice protocol on which nothing is said yet. */
export function openSplice(peer: Libp2p, relay: string): Promise<Stream> {
  return peer.dialProtocol(multiaddr(relay), SPLICE_PROTOCOL)
}

/** Reads the answer of a relay to whatever was said before. */
export async function readSpliceAnswer(stream: Stream): Promise<SpliceAnswer> {
  const { frame } = await readMessage(stream, AbortSignal.timeout(PATIENCE_MS))
  const answer = spliceMessageCodec.decode(frame)
  if (answer.kind !== 'status') throw new Error(`The relay answered ${answer.kind}`)
  const granted = answer.granted ?? { ticket: new Uint8Array(0), addresses: [] }
  return {
    status: answer.status,
    ticket: granted.ticket,
    addresses: granted.addresses.map((bytes) => multiaddr(bytes).toString()),
    stream,
  }
}

/** An invitation of a relay, answered as the test says. */
export interface Invitation {
  readonly invite: SpliceMessage & { readonly kind: 'invite' } & SpliceTicket
  readonly stream: Stream
}

/** Reserves for a peer and answers invitations with a status. The result waits for the next one. */
export async function awaitInvitations(
  peer: Libp2p,
  relay: string,
  answer: (stream: Stream) => void = (stream) =>
    sendMessage(stream, spliceStatus(CIRCUIT_STATUS.ok)),
): Promise<() => Promise<Invitation>> {
  const come: Invitation[] = []
  const waiting: ((one: Invitation) => void)[] = []
  await peer.handle(SPLICE_PROTOCOL, async (stream) => {
    const { frame } = await readMessage(stream, AbortSignal.timeout(PATIENCE_MS))
    const invite = spliceMessageCodec.decode(frame)
    if (invite.kind !== 'invite') throw new Error(`The relay said ${invite.kind}`)
    const next = waiting.shift()
    if (next === undefined) come.push({ invite, stream })
    else next({ invite, stream })
    answer(stream)
  })
  const { status } = await ask(peer, relay, RESERVE)
  if (status !== CIRCUIT_STATUS.ok) throw new Error(`The relay answered ${status}`)
  return () => {
    const one = come.shift()
    return one === undefined
      ? new Promise((resolve) => waiting.push(resolve))
      : Promise.resolve(one)
  }
}

/** A TCP socket to the relay that said these bytes and nothing else. */
export async function socketSaying(relay: string, bytes: Uint8Array): Promise<Socket> {
  const port = Number(/\/tcp\/(\d+)/.exec(relay)?.[1])
  const socket = connect({ host: '127.0.0.1', port, allowHalfOpen: true })
  socket.on('error', () => {})
  await once(socket, 'connect')
  if (bytes.byteLength > 0) socket.write(bytes)
  return socket
}

/** What a TCP socket says to be spliced. */
export function preface(ticket: Uint8Array): Uint8Array {
  return Buffer.concat([Buffer.from('KITH-SPLICE/1\n'), ticket])
}

/** The first byte of the relay: both ends are there. */
export async function firstByte(socket: Socket): Promise<number | undefined> {
  for (;;) {
    const bytes: Uint8Array | null = socket.read(1)
    if (bytes !== null) return bytes[0]
    if (socket.destroyed || socket.readableEnded) return undefined
    await change(socket)
  }
}

/** Until something came or ended; an error is an end like any other here. */
function change(socket: Socket): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  for (const event of ['readable', 'end', 'close']) socket.once(event, () => resolve())
  return promise
}

/** Both sockets of a splice between two peers that speak by hand. */
export interface RawSplice {
  readonly initiator: Socket
  readonly target: Socket
}

/** A splice from one peer to another that awaits invitations; both sockets are joined. */
export async function openRawSplice(
  from: Libp2p,
  relay: string,
  { to, next }: { readonly to: Libp2p; next(): Promise<Invitation> },
): Promise<RawSplice> {
  const [answer, { invite }] = await Promise.all([askSplice(from, relay, to), next()])
  if (answer.status !== CIRCUIT_STATUS.ok) throw new Error(`The relay answered ${answer.status}`)
  const [initiator, target] = await Promise.all([
    socketSaying(relay, preface(answer.ticket)),
    socketSaying(relay, preface(invite.ticket)),
  ])
  await Promise.all([firstByte(initiator), firstByte(target)])
  return { initiator, target }
}
