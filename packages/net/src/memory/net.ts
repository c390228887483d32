import { bytesToAddress, parseAddress } from '../addresses.ts'
import type { Clock } from '../environment.ts'
import { NetError } from '../errors.ts'
import { createEvents, type TypedEvents } from '../events.ts'
import { parsePeer, peerOfPublicKey } from '../identity.ts'
import type {
  FrameStream,
  NearbyPeer,
  Net,
  NetEvents,
  NetIdentity,
  NetProtocol,
  PeerIdText,
  Reachability,
  Reachable,
  RelayState,
} from '../net.ts'
import { Hub, type HubMember, type MemoryHub } from './hub.ts'
import { createStreamPair, type MemoryEnd } from './stream.ts'

/** Makes a hub. Its clock gives `lastSeen`; nothing in memory waits for time (rule NET-50). */
export function createMemoryHub(options: { readonly clock: Pick<Clock, 'now'> }): MemoryHub {
  return new Hub(options.clock)
}

/**
 * A net in memory: what the net over libp2p does, without time and the same at every run.
 *
 * @throws ERR_ADDRESS when a net of the same identity is running, or the hub is not ours
 */
export function createMemoryNet(
  hub: MemoryHub,
  { identity }: { readonly identity: Pick<NetIdentity, 'publicKey'> },
): Net {
  if (!(hub instanceof Hub)) throw new NetError('ERR_ADDRESS', 'Not a hub of createMemoryHub')
  const net = new MemoryNet(hub, peerOfPublicKey(identity.publicKey))
  hub.join(net)
  return net
}

interface Served {
  readonly protocol: NetProtocol
  readonly answer: (stream: FrameStream) => Promise<void>
}

class MemoryNet implements Net, HubMember {
  readonly peer: PeerIdText
  readonly #hub: Hub
  readonly #events: TypedEvents<NetEvents> = createEvents<NetEvents>()
  readonly #served = new Map<string, Served>()
  readonly #endsByPeer = new Map<PeerIdText, Set<MemoryEnd>>()
  readonly #counts = new Map<string, number>()
  readonly #seen = new Map<PeerIdText, number>()
  readonly #refused = new Set<PeerIdText>()
  #kept: readonly PeerIdText[] = []
  #nearby = ''
  #isStopped = false

  constructor(hub: Hub, peer: PeerIdText) {
    this.#hub = hub
    this.peer = peer
  }

  addresses(): readonly string[] {
    return [`/p2p/${this.peer}`]
  }

  relays(): readonly RelayState[] {
    return []
  }

  setRelays(): void {
    // the hub is everybody's relay
  }

  handle(protocol: NetProtocol, answer: (stream: FrameStream) => Promise<void>): void {
    this.#served.set(protocol.id, { protocol, answer })
  }

  async open(
    peer: PeerIdText,
    protocol: NetProtocol,
    { signal }: { signal?: AbortSignal } = {},
  ): Promise<FrameStream> {
    signal?.throwIfAborted()
    parsePeer(peer)
    if (this.#isStopped) throw new NetError('ERR_NET_STOPPED', 'The network was stopped')
    if (this.refuses(peer)) throw new NetError('ERR_PEER_REFUSED', 'It is refused here')
    const other = this.#hub.connect(this, peer)
    if (other === undefined) throw new NetError('ERR_UNREACHABLE', 'It does not answer')
    const end = other.accept(this, protocol)
    this.hold(peer, end)
    return end.stream
  }

  setAddresses(peer: PeerIdText): void {
    parsePeer(peer)
  }

  keep(peers: readonly PeerIdText[]): void {
    this.#kept = [...new Set(peers.map((peer) => parsePeer(peer).toString()))]
    for (const peer of this.#kept) this.#refused.delete(peer)
    this.#hub.settle()
  }

  kept(): readonly PeerIdText[] {
    return this.#kept
  }

  connected(): readonly PeerIdText[] {
    return [...this.#endsByPeer.keys()]
  }

  reachability(peer: PeerIdText): Reachability {
    const isHere = this.#endsByPeer.has(peer)
    if (isHere) this.#seen.set(peer, this.#hub.clock.now())
    const lastSeen = this.#seen.get(peer)
    return {
      path: isHere ? this.#hub.path(this.peer, peer) : 'away',
      reason: isHere ? 'In the same process' : this.#absence(peer),
      ...(lastSeen === undefined ? {} : { lastSeen }),
    }
  }

  reachable(): Reachable {
    return { reachable: 'yes', reason: 'By everybody in the same process' }
  }

  refuse(peer: PeerIdText): void {
    this.#refused.add(peer)
    this.#kept = this.#kept.filter((one) => one !== peer)
    this.#hub.disconnect(this.peer, peer)
  }

  refuses(peer: PeerIdText): boolean {
    return this.#refused.has(peer)
  }

  announceWaiting(isWaiting: boolean): void {
    this.#hub.announceWaiting(this.peer, isWaiting && !this.#isStopped)
  }

  nearby(): readonly NearbyPeer[] {
    return this.#hub.nearby(this.peer).map((peer) => ({ peer, addresses: [] }))
  }

  nearbyChanged(): void {
    const peers = this.nearby()
    const text = peers.map(({ peer }) => peer).join()
    if (text === this.#nearby) return
    this.#nearby = text
    this.#events.emit('nearby:changed', { peers })
  }

  addressToBytes(address: string): Uint8Array {
    return Uint8Array.from(parseAddress(address).bytes)
  }

  addressFromBytes(bytes: Uint8Array): string {
    return bytesToAddress(bytes).toString()
  }

  addEventListener<K extends keyof NetEvents>(
    type: K,
    listener: (event: CustomEvent<NetEvents[K]>) => void,
    options?: { signal?: AbortSignal },
  ): void {
    this.#events.addEventListener(type, listener, options)
  }

  removeEventListener<K extends keyof NetEvents>(
    type: K,
    listener: (event: CustomEvent<NetEvents[K]>) => void,
  ): void {
    this.#events.removeEventListener(type, listener)
  }

  async stop(): Promise<void> {
    if (this.#isStopped) return
    this.#isStopped = true
    this.#hub.leave(this)
  }

  welcome(peer: PeerIdText): void {
    this.#endsByPeer.set(peer, new Set())
    this.#seen.set(peer, this.#hub.clock.now())
    this.#events.emit('peer:connected', { peer, path: this.#hub.path(this.peer, peer) })
    this.pathChanged(peer)
  }

  lose(peer: PeerIdText): void {
    const ends = this.#endsByPeer.get(peer)
    if (ends === undefined) return
    this.#endsByPeer.delete(peer)
    for (const end of [...ends]) end.lose()
    this.#seen.set(peer, this.#hub.clock.now())
    this.#events.emit('peer:disconnected', { peer })
    this.pathChanged(peer)
  }

  pathChanged(peer: PeerIdText): void {
    this.#events.emit('reachability:changed', { peer, reachability: this.reachability(peer) })
  }

  accept(from: HubMember, protocol: NetProtocol): MemoryEnd {
    const served = this.#served.get(protocol.id)
    if (served === undefined) {
      throw new NetError('ERR_PROTOCOL_UNSUPPORTED', `It does not answer ${protocol.id}`)
    }
    const key = `${from.peer} ${protocol.id}`
    const count = this.#counts.get(key) ?? 0
    const pair = createStreamPair({
      opener: from.peer,
      answerer: this.peer,
      path: this.#hub.path(this.peer, from.peer),
      protocols: { opener: protocol, answerer: served.protocol },
      closed: () => this.#counts.set(key, (this.#counts.get(key) ?? 1) - 1),
    })
    this.#counts.set(key, count + 1)
    if (count >= served.protocol.maxStreamsPerPeer) {
      pair.answerer.stream.abort(new NetError('ERR_TOO_MANY_STREAMS', 'Too many streams'))
    } else {
      this.hold(from.peer, pair.answerer)
      void answerStream(served, pair.answerer)
    }
    return pair.opener
  }

  hold(peer: PeerIdText, end: MemoryEnd): void {
    const ends = this.#endsByPeer.get(peer)
    if (ends === undefined) return end.lose()
    for (const one of ends) if (!one.isOpen) ends.delete(one)
    ends.add(end)
  }

  #absence(peer: PeerIdText): string {
    if (this.#refused.has(peer)) return 'This device refuses connections with it'
    return this.#seen.has(peer) ? 'The connection was lost' : 'It was never connected'
  }
}

/** Ends our half when the answer is given; nobody reads what still comes. */
async function answerStream({ answer }: Served, end: MemoryEnd): Promise<void> {
  try {
    await Promise.resolve()
    await answer(end.stream)
    await end.stream.close()
    end.dropIncoming()
  } catch (error) {
    end.stream.abort(error instanceof Error ? error : new Error(String(error)))
  }
}
