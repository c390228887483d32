/** The network of one simulated device: what `@kithmesh/net` gives it, over simulated connections. */

import type {
  FrameStream,
  Net,
  NetEvents,
  NetProtocol,
  PeerIdText,
  Reachability,
  Reachable,
} from '@kithmesh/net'
import { bytesToAddress, parseAddress } from '../../../packages/net/src/addresses.ts'
import { NetError } from '../../../packages/net/src/errors.ts'
import { createEvents, type TypedEvents } from '../../../packages/net/src/events.ts'
import type { Connection } from './connection.ts'
import type { Network } from './network.ts'
import type { StreamEnd } from './stream.ts'

/** A protocol that is answered. */
export interface Served {
  readonly protocol: NetProtocol
  readonly answer: (stream: FrameStream) => Promise<void>
}

/** One run of one device on the network. */
export class SimNet implements Net {
  readonly peer: PeerIdText
  readonly isOn: () => boolean
  readonly #network: Network
  readonly #events: TypedEvents<NetEvents> = createEvents<NetEvents>()
  readonly #served = new Map<string, Served>()
  readonly #connections = new Map<PeerIdText, Connection[]>()
  readonly #seen = new Map<PeerIdText, number>()
  readonly #refused = new Set<PeerIdText>()
  #kept: readonly PeerIdText[] = []
  #isStopped = false

  constructor(network: Network, peer: PeerIdText, isOn: () => boolean) {
    this.#network = network
    this.peer = peer
    this.isOn = () => isOn() && !this.#isStopped
  }

  addresses(): readonly string[] {
    return [`/p2p/${this.peer}`]
  }

  relays(): readonly [] {
    return []
  }

  setRelays(): void {
    // the simulated network has none
  }

  handle(protocol: NetProtocol, answer: Served['answer']): void {
    this.#served.set(protocol.id, { protocol, answer })
  }

  servedFor(id: string): Served | undefined {
    return this.#served.get(id)
  }

  async open(
    peer: PeerIdText,
    protocol: NetProtocol,
    { signal }: { signal?: AbortSignal } = {},
  ): Promise<FrameStream> {
    signal?.throwIfAborted()
    if (this.#isStopped) throw new NetError('ERR_NET_STOPPED', 'The network was stopped')
    if (this.refuses(peer)) throw new NetError('ERR_PEER_REFUSED', 'It is refused here')
    const connection =
      this.#connections.get(peer)?.at(-1) ??
      (await unlessAborted(this.#network.dial(this, peer), signal))
    if (connection === undefined) throw new NetError('ERR_UNREACHABLE', 'It does not answer')
    const opening = connection.open(this, protocol)
    const reset = new NetError('ERR_STREAM_RESET', 'It is not wanted now')
    opening.then((stream) => signal?.aborted && stream.abort(reset)).catch(() => undefined)
    return unlessAborted(opening, signal)
  }

  setAddresses(): void {}

  keep(peers: readonly PeerIdText[]): void {
    this.#kept = [...new Set(peers)]
    for (const peer of this.#kept) this.#refused.delete(peer)
    this.#network.settle()
  }

  kept(): readonly PeerIdText[] {
    return this.#kept
  }

  connected(): readonly PeerIdText[] {
    return [...this.#connections.keys()]
  }

  reachability(peer: PeerIdText): Reachability {
    const isHere = this.#connections.has(peer)
    if (isHere) this.#seen.set(peer, this.#network.clock.now())
    const lastSeen = this.#seen.get(peer)
    return {
      path: isHere ? this.#network.pathOf(this.peer, peer) : 'away',
      reason: isHere ? 'simulated' : 'it does not answer',
      ...(lastSeen === undefined ? {} : { lastSeen }),
    }
  }

  reachable(): Reachable {
    return { reachable: 'unknown', reason: 'simulated' }
  }

  refuse(peer: PeerIdText): void {
    this.#refused.add(peer)
    this.#kept = this.#kept.filter((one) => one !== peer)
    for (const connection of this.#connections.get(peer) ?? []) connection.break('told')
  }

  refuses(peer: PeerIdText): boolean {
    return this.#refused.has(peer)
  }

  announceWaiting(): void {}

  nearby(): readonly [] {
    return []
  }

  addressToBytes(address: string): Uint8Array {
    return Uint8Array.from(parseAddress(address).bytes)
  }

  addressFromBytes(bytes: Uint8Array): string {
    return bytesToAddress(bytes).toString()
  }

  addEventListener: Net['addEventListener'] = (type, listener, options) =>
    this.#events.addEventListener(type, listener, options)

  removeEventListener: Net['removeEventListener'] = (type, listener) =>
    this.#events.removeEventListener(type, listener)

  async stop(): Promise<void> {
    if (this.#isStopped) return
    this.#isStopped = true
    this.goOff()
  }

  /** The machine loses its power, or the net was stopped. */
  goOff(): void {
    for (const connection of [...this.#connections.values()].flat()) connection.leave(this)
    this.#connections.clear()
    this.#network.leave(this)
  }

  connections(): readonly Connection[] {
    return [...this.#connections.values()].flat()
  }

  /** A connection stands. A second one to the same peer is no news to whoever listens. */
  welcome(peer: PeerIdText, connection: Connection): void {
    const before = this.#connections.get(peer)
    this.#seen.set(peer, this.#network.clock.now())
    if (before !== undefined) return void before.push(connection)
    this.#connections.set(peer, [connection])
    this.#events.emit('peer:connected', { peer, path: this.#network.pathOf(this.peer, peer) })
    this.#events.emit('reachability:changed', { peer, reachability: this.reachability(peer) })
  }

  /** This end noticed that a connection is gone. */
  lost(connection: Connection): void {
    const { peer } = connection.otherThan(this)
    const left = this.#connections.get(peer)?.filter((one) => one !== connection)
    if (left === undefined) return
    this.#seen.set(peer, this.#network.clock.now())
    if (left.length > 0) return void this.#connections.set(peer, left)
    this.#connections.delete(peer)
    this.#events.emit('peer:disconnected', { peer })
    this.#events.emit('reachability:changed', { peer, reachability: this.reachability(peer) })
    this.#network.settle()
  }

  /** Ends our half when the answer is given; nobody reads what still comes. */
  async answer({ answer }: Served, end: StreamEnd): Promise<void> {
    try {
      await Promise.resolve()
      await answer(end.stream)
      await end.stream.close()
      end.dropIncoming()
    } catch (error) {
      end.stream.abort(error instanceof Error ? error : new Error(String(error)))
    }
  }
}

/** What was asked for, or the reason for which it is not wanted any more: who asked is told at once. */
async function unlessAborted<T>(asked: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return asked
  const aborted = Promise.withResolvers<never>()
  const onAbort = (): void => aborted.reject(signal.reason)
  signal.addEventListener('abort', onAbort)
  try {
    signal.throwIfAborted()
    return await Promise.race([asked, aborted.promise])
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}
