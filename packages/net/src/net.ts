/**
 * What a device asks of its network, and nothing else: peers, paths to them and framed streams.
 * Two implementations pass the same compliance suite: libp2p (`createNet`) and memory (`createMemoryNet`).
 */

/** Text form of a libp2p peer id of an Ed25519 key; the same text as a `DeviceId`. */
export type PeerIdText = string

/** The key that is the peer id. In a browser the private half never leaves WebCrypto. */
export interface NetIdentity {
  /** Raw Ed25519 public key, 32 bytes. */
  readonly publicKey: Uint8Array
  /** Ed25519 signature, 64 bytes, over `bytes`. */
  sign(bytes: Uint8Array): Promise<Uint8Array>
}

/** A protocol id with the limits every stream of it keeps. */
export interface NetProtocol {
  /** `/kith/<noun>/<major>` */
  readonly id: string
  /** Largest frame either side may send, in bytes. */
  readonly maxFrameBytes: number
  /** Streams one peer may have open at once. */
  readonly maxStreamsPerPeer: number
}

/** One framed, bounded, bidirectional stream to one authenticated peer. */
export interface FrameStream {
  readonly peer: PeerIdText
  /** Whether this stream crosses a relay, and whether the other end is at a private address. */
  readonly path: 'lan' | 'direct' | 'relayed'
  /**
   * Aborted when a better way to the peer stands than this stream takes. A stream that would go on for long ends
   * then, once nothing of it is under way, and is opened anew. Absent where ways never change.
   */
  readonly outdated?: AbortSignal
  /** Frames in order; ends when the peer closes its half; throws when the stream is reset. */
  readonly incoming: AsyncIterable<Uint8Array>
  /** Resolves when the frame is handed to the connection within its window (never unbounded). */
  send(frame: Uint8Array, options?: { signal?: AbortSignal }): Promise<void>
  /** Ends our half; resolves once everything sent is flushed. */
  close(options?: { signal?: AbortSignal }): Promise<void>
  /** Drops the stream at once. */
  abort(reason: Error): void
}

/** How a peer is reached now. `away` always says why. */
export interface Reachability {
  readonly path: 'lan' | 'direct' | 'relayed' | 'away'
  /**
   * What carries the connection; missing while there is none. Over a relay: a `splice` is a socket of its own that
   * the relay joins with the peer's, a `circuit` shares the connection to the relay.
   */
  readonly over?: 'tcp' | 'websocket' | 'webrtc' | 'splice' | 'circuit'
  /** One sentence for a person: the address or relay used, or why there is none. */
  readonly reason: string
  /** When a connection to it last stood, ms since 1970 UTC. */
  readonly lastSeen?: number
}

/** Whether others can reach this device from other networks, as far as it can know (rule NET-58). */
export interface Reachable {
  readonly reachable: 'yes' | 'no' | 'unknown'
  /** One sentence for a person: how, or why not. */
  readonly reason: string
}

/** A configured relay and whether our reservation on it stands. */
export interface RelayState {
  readonly address: string
  readonly state: 'connecting' | 'ready' | 'failed'
  /** Why it is not ready, for a person. */
  readonly reason?: string
}

/** Another device on this network that says it waits to be linked. Hints: a connection proves the peer. */
export interface NearbyPeer {
  readonly peer: PeerIdText
  readonly addresses: readonly string[]
}

/** Events of a {@link Net}: `detail` of the CustomEvent by name. */
export interface NetEvents {
  'peer:connected': { readonly peer: PeerIdText; readonly path: 'lan' | 'direct' | 'relayed' }
  'peer:disconnected': { readonly peer: PeerIdText }
  'reachability:changed': { readonly peer: PeerIdText; readonly reachability: Reachability }
  'relay:changed': RelayState
  /** Our own dialable addresses changed (new reservation, new interface). */
  'addresses:changed': { readonly addresses: readonly string[] }
  /** Other devices began or ceased to say that they wait to be linked. */
  'nearby:changed': { readonly peers: readonly NearbyPeer[] }
}

/** The network of one device. */
export interface Net {
  readonly peer: PeerIdText
  /** Multiaddrs (with `/p2p/…`) at which others can dial this device now, LAN first, relayed last. */
  addresses(): readonly string[]
  relays(): readonly RelayState[]
  /** Replaces the relays to hold a reservation on. @throws ERR_ADDRESS, and then they stay as they were */
  setRelays(addresses: readonly string[]): void
  /** Answers streams of one protocol; the stream is closed when the promise settles (aborted when it rejects). */
  handle(protocol: NetProtocol, answer: (stream: FrameStream) => Promise<void>): void
  /** Opens a stream, dialling LAN → direct → relayed when there is no connection. @throws ERR_UNREACHABLE, ERR_PROTOCOL_UNSUPPORTED */
  open(
    peer: PeerIdText,
    protocol: NetProtocol,
    options?: { signal?: AbortSignal },
  ): Promise<FrameStream>
  /** What is known of where a peer can be dialled; replaces earlier hints of that peer. ≤16 addresses are kept. */
  setAddresses(peer: PeerIdText, addresses: readonly string[]): void
  /**
   * The set of peers to stay connected to (siblings, contacts): dialled endlessly with backoff, woken by
   * any change. Replaces the earlier set. A refused peer in it is allowed again.
   */
  keep(peers: readonly PeerIdText[]): void
  /** Connected, known or not: peers with a connection now. */
  connected(): readonly PeerIdText[]
  reachability(peer: PeerIdText): Reachability
  /** Whether others can reach this device itself from other networks. */
  reachable(): Reachable
  /** Closes connections to a peer and refuses new ones until it is kept again. */
  refuse(peer: PeerIdText): void
  /** Says on the local network that this device waits to be linked, by its peer id; or ceases to. */
  announceWaiting(isWaiting: boolean): void
  /** Devices on this network that say so now; at most 16, none where there is no LAN. */
  nearby(): readonly NearbyPeer[]
  /** Binary multiaddr ⇄ text, for link codes. @throws ERR_ADDRESS */
  addressToBytes(address: string): Uint8Array
  addressFromBytes(bytes: Uint8Array): string
  addEventListener<K extends keyof NetEvents>(
    type: K,
    listener: (event: CustomEvent<NetEvents[K]>) => void,
    options?: { signal?: AbortSignal },
  ): void
  removeEventListener<K extends keyof NetEvents>(
    type: K,
    listener: (event: CustomEvent<NetEvents[K]>) => void,
  ): void
  stop(): Promise<void>
}
