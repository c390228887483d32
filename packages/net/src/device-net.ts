import type { Connection, IdentifyResult } from '@libp2p/interface'
import type { Multiaddr } from '@multiformats/multiaddr'
import { bytesToAddress, isOutside, isWebRtc, parseAddress, pathOf } from './addresses.ts'
import type { NetOptions } from './create-net.ts'
import { silentLogger } from './environment.ts'
import { NetError } from './errors.ts'
import { createEvents, type TypedEvents } from './events.ts'
import { createStreams, type Streams } from './framing/streams.ts'
import type { Host } from './host.ts'
import { parsePeer } from './identity.ts'
import type { LanDiscovery } from './lan/lan-discovery.ts'
import type { NetRules } from './lan/lan-rule.ts'
import type {
  FrameStream,
  NearbyPeer,
  Net,
  NetEvents,
  NetProtocol,
  PeerIdText,
  Reachability,
  Reachable,
  RelayState,
} from './net.ts'
import type { Platform } from './platform.ts'
import { type RelayKeeper, startRelayKeeper } from './relays/relay-keeper.ts'
import type { RelayList } from './relays/relay-list.ts'
import type { Activity } from './ways/activity.ts'
import { type AddressBook, createAddressBook } from './ways/address-book.ts'
import { type Connections, createConnections } from './ways/connections.ts'
import { createDials } from './ways/dials.ts'
import { createDoubts, type Doubts } from './ways/doubts.ts'
import { startHeartbeat } from './ways/heartbeat.ts'
import { type Housekeeping, startHousekeeping } from './ways/housekeeping.ts'
import { compareOwn, portsAt } from './ways/own-addresses.ts'
import { reachableBy } from './ways/own-reachability.ts'
import { type PeerKeeper, startPeerKeeper } from './ways/peer-keeper.ts'
import { createReachabilities, type Reachabilities } from './ways/reachability.ts'
import { createRivals, type Rivals } from './ways/rivals.ts'

/** What a {@link DeviceNet} is made from. */
export interface DeviceNetParts {
  readonly platform: Platform
  readonly options: NetOptions
  readonly host: Host
  readonly rules: NetRules
  readonly refused: Set<PeerIdText>
  readonly relays: RelayList
  readonly lan: boolean
  readonly activity: Activity
}

/** LAN addresses seen of one peer that are kept; a peer has a few interfaces at most. */
const MAX_SEEN_ADDRESSES = 4

/** The network of one device over libp2p: keepers, streams and what they tell each other. */
export class DeviceNet implements Net {
  readonly peer: PeerIdText
  readonly #parts: DeviceNetParts
  readonly #events: TypedEvents<NetEvents> = createEvents<NetEvents>()
  readonly #book: AddressBook = createAddressBook()
  readonly #doubts: Doubts
  readonly #rivals: Rivals
  readonly #connections: Connections
  readonly #reachabilities: Reachabilities
  readonly #streams: Streams
  readonly #relayKeeper: RelayKeeper
  readonly #peerKeeper: PeerKeeper
  readonly #heartbeat: { stop(): void }
  readonly #housekeeping: Housekeeping
  readonly #stopped = new AbortController()
  #discovery: LanDiscovery | undefined
  #announced = ''
  /** Somebody came from outside since the network last changed. */
  #isVisited = false
  #stopping: Promise<void> | undefined

  constructor(parts: DeviceNetParts) {
    const { host, options, activity } = parts
    const { clock, rng } = options
    this.#parts = parts
    this.peer = host.peerId.toString()
    this.#doubts = createDoubts({
      clock,
      activity,
      changed: (connection) => this.#rivals.doubted(connection),
      // the way back may be over a relay: that it stands is found out meanwhile
      silent: () => this.#relayKeeper.wake(),
      stopped: this.#stopped.signal,
    })
    const doubts = this.#doubts
    this.#connections = createConnections(host, doubts.isDoubted)
    const connections = this.#connections
    this.#rivals = createRivals({
      connections,
      doubts,
      lookAgain: (peer) => {
        if (parts.relays.has(peer)) this.#relayKeeper.notice(peer)
        else this.#peerKeeper.notice(peer)
      },
    })
    this.#reachabilities = createReachabilities({
      best: connections.best,
      now: () => clock.now(),
      changed: (peer, reachability) =>
        this.#events.emit('reachability:changed', { peer, reachability }),
    })
    const dials = createDials({
      host,
      connections,
      rules: parts.rules,
      known: (peer) => this.#book.get(peer),
      relays: () => this.#relayKeeper.ready(),
      stopped: this.#stopped.signal,
    })
    this.#streams = createStreams({
      host,
      logger: options.logger ?? silentLogger,
      onActivity: activity.mark,
      onSend: (connection) => this.#onSend(connection),
      isOwnHost: parts.platform.isOwnHost,
      best: connections.best,
      connect: dials.connect,
    })
    this.#housekeeping = startHousekeeping({
      host,
      connections,
      clock,
      isKept: (peer) => this.#peerKeeper.isKept(peer) || parts.relays.has(peer),
      outdate: (peer) => this.#streams.outdate(peer),
    })
    this.#heartbeat = startHeartbeat(host, { activity, doubts }, { every: options.heartbeat })
    this.#relayKeeper = startRelayKeeper({
      host,
      connections,
      relays: parts.relays,
      clock,
      rng,
      suspect: doubts.suspect,
      ...(options.introduce === undefined ? {} : { introduce: options.introduce }),
      onChange: (state) => this.#onRelayChange(state),
      onReady: () => this.#peerKeeper.wake(),
    })
    this.#peerKeeper = startPeerKeeper({
      connections,
      clock,
      rng,
      addresses: dials.addresses,
      dial: dials.dial,
      suspect: doubts.suspect,
      isFirst: (peer) => this.peer < peer,
      explain: (peer, absence) => this.#reachabilities.explain(peer, absence),
    })
  }

  start(): void {
    const { host, platform, lan, options } = this.#parts
    host.addEventListener('connection:open', ({ detail }) => this.#onOpen(detail))
    host.addEventListener('connection:close', ({ detail }) => this.#onClose(detail))
    host.addEventListener('peer:identify', ({ detail }) => this.#onIdentify(detail))
    host.addEventListener('self:peer:update', () => this.#tellAddresses())
    platform.watchNetwork(() => this.#onNetworkChange(), { signal: this.#stopped.signal })
    if (lan) {
      this.#discovery = platform.discoverLan?.({
        peer: this.peer,
        clock: options.clock,
        logger: options.logger ?? silentLogger,
        kept: () => this.#peerKeeper.kept(),
        ports: (ip) => portsAt(ip, host.getMultiaddrs()),
        found: (peer, addresses) => this.#onFound(peer, addresses),
        nearbyChanged: (peers) => this.#events.emit('nearby:changed', { peers }),
        ...(options.lanPort === undefined ? {} : { port: options.lanPort }),
      })
    }
  }

  addresses(): readonly string[] {
    return this.#parts.host.getMultiaddrs().sort(compareOwn).map(String)
  }

  relays(): readonly RelayState[] {
    return this.#relayKeeper.states()
  }

  setRelays(addresses: readonly string[]): void {
    this.#parts.relays.set(addresses)
    this.#relayKeeper.renew()
    this.#tellAddresses()
  }

  handle(protocol: NetProtocol, answer: (stream: FrameStream) => Promise<void>): void {
    this.#streams.serve(protocol, answer)
  }

  async open(
    peer: PeerIdText,
    protocol: NetProtocol,
    { signal = this.#stopped.signal }: { signal?: AbortSignal } = {},
  ): Promise<FrameStream> {
    signal.throwIfAborted()
    parsePeer(peer)
    return this.#streams.open(peer, protocol, { signal })
  }

  setAddresses(peer: PeerIdText, addresses: readonly string[]): void {
    parsePeer(peer)
    if (this.#book.set(peer, 'given', addresses)) this.#peerKeeper.wake(peer)
  }

  keep(peers: readonly PeerIdText[]): void {
    const others = peers.filter((peer) => peer !== this.peer)
    for (const peer of others) {
      parsePeer(peer)
      this.#parts.refused.delete(peer)
    }
    this.#peerKeeper.keep(others)
    for (const peer of others) void this.#recallTold(peer)
    const known = new Set([...this.#peerKeeper.kept(), ...this.connected()])
    this.#book.retain(known)
    this.#reachabilities.retain(known)
    this.#discovery?.announce()
  }

  connected(): readonly PeerIdText[] {
    return this.#connections.peers().filter((peer) => !this.#parts.relays.has(peer))
  }

  reachability(peer: PeerIdText): Reachability {
    return this.#reachabilities.get(peer)
  }

  reachable(): Reachable {
    return reachableBy({
      isVisited: this.#isVisited,
      relays: this.relays(),
      addresses: this.#parts.host.getMultiaddrs(),
    })
  }

  refuse(peer: PeerIdText): void {
    const refusal = new NetError('ERR_PEER_REFUSED', 'This device refuses connections with it')
    this.#parts.refused.add(peer)
    this.#peerKeeper.keep([...this.#peerKeeper.kept()].filter((one) => one !== peer))
    for (const connection of this.#connections.all(peer)) connection.abort(refusal)
    this.#reachabilities.explain(peer, { kind: 'refused' })
  }

  announceWaiting(isWaiting: boolean): void {
    this.#discovery?.announceWaiting(isWaiting)
  }

  nearby(): readonly NearbyPeer[] {
    return this.#discovery?.nearby() ?? []
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

  stop(): Promise<void> {
    this.#stopping ??= this.#stop()
    return this.#stopping
  }

  async #stop(): Promise<void> {
    this.#stopped.abort(new NetError('ERR_NET_STOPPED', 'The network of this device was stopped'))
    this.#streams.stop()
    this.#heartbeat.stop()
    this.#housekeeping.stop()
    await Promise.all([this.#relayKeeper.stop(), this.#peerKeeper.stop(), this.#discovery?.stop()])
    await this.#connections.closeAll()
    await this.#parts.host.stop()
  }

  #onOpen(connection: Connection): void {
    const peer = connection.remotePeer.toString()
    const isRelay = this.#parts.relays.has(peer)
    if (isRelay || this.#peerKeeper.isKept(peer))
      this.#parts.host.services.transports.protect(connection)
    this.#rivals.opened(connection)
    if (connection.direction === 'inbound') this.#isVisited ||= isOutside(connection.remoteAddr)
    if (isRelay) return
    if (this.#connections.all(peer).length <= 1) {
      this.#events.emit('peer:connected', { peer, path: pathOf(connection.remoteAddr) })
    } else {
      this.#housekeeping.look(peer)
    }
    this.#reachabilities.refresh(peer)
    this.#peerKeeper.notice(peer)
  }

  #onClose(connection: Connection): void {
    const peer = connection.remotePeer.toString()
    if (this.#parts.relays.has(peer)) return
    if (this.#connections.best(peer) === undefined) {
      if (!this.#parts.rules.isRefused(peer)) {
        this.#reachabilities.explain(peer, { kind: 'lost' })
      }
      this.#events.emit('peer:disconnected', { peer })
    }
    this.#reachabilities.refresh(peer)
    this.#peerKeeper.notice(peer)
  }

  /** TCP is told when its way is gone, by whoever gets the next packet; nobody tells WebRTC. */
  #onSend(connection: Connection): void {
    if (isWebRtc(connection.remoteAddr)) this.#doubts.expect(connection)
  }

  /** What a kept peer says of its own addresses, which a connection has just proved to be it. */
  #onIdentify({ peerId, listenAddrs, signedPeerRecord }: IdentifyResult): void {
    const peer = peerId.toString()
    if (!this.#peerKeeper.isKept(peer)) return
    const told = signedPeerRecord?.addresses ?? listenAddrs
    if (this.#book.set(peer, 'told', told)) this.#peerKeeper.wake(peer)
  }

  /** A peer may have told of itself before anybody asked to keep it. */
  async #recallTold(peer: PeerIdText): Promise<void> {
    if (this.#connections.best(peer) === undefined) return
    const stored = await this.#parts.host.peerStore.get(parsePeer(peer)).catch(() => undefined)
    const told = stored?.addresses.map(({ multiaddr }) => multiaddr) ?? []
    if (told.length > 0 && this.#book.set(peer, 'told', told)) this.#peerKeeper.wake(peer)
  }

  #onFound(peer: PeerIdText, addresses: readonly Multiaddr[]): void {
    const isNew = addresses.map((one) => this.#book.add(peer, 'seen', one, MAX_SEEN_ADDRESSES))
    if (isNew.some(Boolean) || this.#connections.path(peer) === undefined) {
      this.#peerKeeper.wake(peer)
    }
  }

  #onRelayChange(state: RelayState): void {
    this.#events.emit('relay:changed', state)
    this.#tellAddresses()
  }

  #onNetworkChange(): void {
    this.#isVisited = false
    this.#relayKeeper.wake()
    this.#peerKeeper.check()
    this.#discovery?.announce()
    this.#parts.host.services.transports.confirmOwn()
    this.#tellAddresses()
  }

  #tellAddresses(): void {
    const addresses = this.addresses()
    const text = addresses.join()
    if (text === this.#announced) return
    this.#announced = text
    this.#events.emit('addresses:changed', { addresses })
  }
}
