import type { Connection } from '@libp2p/interface'
import type { Multiaddr } from '@multiformats/multiaddr'
import { isWebRtc, type Path, pathOf } from '../addresses.ts'
import {
  type Backoff,
  type BackoffLimits,
  createBackoff,
  createPacer,
  createWaker,
  type Pacer,
  restOf,
  type Waker,
} from '../backoff.ts'
import type { Clock, Rng } from '../environment.ts'
import { isNetError, NetError } from '../errors.ts'
import type { PeerIdText } from '../net.ts'
import { type Connections, isBetter } from './connections.ts'
import type { Absence } from './reachability.ts'

/** Stays connected to a set of peers, by the best way there is, for ever. */
export interface PeerKeeper {
  /** Replaces the set. */
  keep(peers: readonly PeerIdText[]): void
  isKept(peer: PeerIdText): boolean
  kept(): ReadonlySet<PeerIdText>
  /** There is new hope for a peer, or for all: dial now, as if for the first time. */
  wake(peer?: PeerIdText): void
  /** A connection of a peer came or went. */
  notice(peer: PeerIdText): void
  /** The network under all connections may have changed: ask each for a sign of life. */
  check(): void
  stop(): Promise<void>
}

/** What a peer keeper is made from. */
export interface PeerKeeperParts {
  readonly connections: Connections
  readonly clock: Clock
  readonly rng: Rng
  /** Addresses a peer could be dialled at now. */
  addresses(peer: PeerIdText): readonly Multiaddr[]
  /** Dials some of them. */
  dial(peer: PeerIdText, addresses: readonly Multiaddr[], signal: AbortSignal): Promise<unknown>
  explain(peer: PeerIdText, absence: Absence): void
  /** The network under a connection may have changed. */
  suspect(connection: Connection): void
  /** Whether WebRTC with this peer is ours to begin: the other end waits for it (rule NET-53). */
  isFirst(peer: PeerIdText): boolean
}

/** Waiting between dials: of a peer that was here lately, of one that was not, and for a better way. */
const LATELY: BackoffLimits = { first: 250, ceiling: 5_000 }
const AWAY: BackoffLimits = { first: 500, ceiling: 30_000 }
const BETTER: BackoffLimits = { first: 1_000, ceiling: 5 * 60 * 1_000 }
const LATELY_MS = 5 * 60 * 1_000

/** A connection that stood this long was a real one: when it is lost it is redialled at once. */
const STOOD_MS = 3_000

/** WebRTC needs both ends at work: after this many failures the relay it is (rule NET-35). */
const MAX_WEBRTC_TRIES = 3

/** One end begins with WebRTC; the other one lets it have its turn for this long (rule NET-53). */
const WEBRTC_TURN_MS = 8_000

/**
 * Dials of all kept peers together (rule NET-27). When a relay comes back every peer is dialled over
 * it; a relay answers some twenty requests of one household in a second and refuses the rest.
 */
const PACE = { burst: 10, every: 100 }

const FOREVER = Number.POSITIVE_INFINITY

/** Starts with nobody to keep. */
export function startPeerKeeper(parts: PeerKeeperParts): PeerKeeper {
  const kept = new Map<PeerIdText, KeptPeer>()
  const ending = new Set<Promise<void>>()
  const pacer = createPacer(PACE, parts.clock)

  const drop = (peer: PeerIdText): void => {
    const ended = kept.get(peer)?.stop()
    kept.delete(peer)
    if (ended === undefined) return
    ending.add(ended)
    void ended.finally(() => ending.delete(ended))
  }
  return {
    keep: (peers) => {
      const wanted = new Set(peers)
      for (const peer of kept.keys()) if (!wanted.has(peer)) drop(peer)
      for (const peer of wanted)
        if (!kept.has(peer)) kept.set(peer, new KeptPeer(peer, parts, pacer))
    },
    isKept: (peer) => kept.has(peer),
    kept: () => new Set(kept.keys()),
    wake: (peer) => {
      for (const one of peer === undefined ? kept.values() : [kept.get(peer)]) one?.wake()
    },
    notice: (peer) => kept.get(peer)?.notice(),
    check: () => {
      for (const one of kept.values()) one.check()
    },
    stop: async () => {
      for (const peer of [...kept.keys()]) drop(peer)
      await Promise.all(ending)
    },
  }
}

/** One peer and the loop that tends it. */
class KeptPeer {
  readonly #peer: PeerIdText
  readonly #parts: PeerKeeperParts
  readonly #pacer: Pacer
  readonly #waker: Waker = createWaker()
  readonly #stopped = new AbortController()
  readonly #loop: Promise<void>
  #dial: Dial | undefined
  #hasHope = false
  #hereSince: number | undefined
  #lastHere: number | undefined
  #webRtcTries = 0

  constructor(peer: PeerIdText, parts: PeerKeeperParts, pacer: Pacer) {
    this.#peer = peer
    this.#parts = parts
    this.#pacer = pacer
    // not within keep(): whoever calls it does not expect events before it returns
    this.#loop = Promise.resolve().then(() => this.#run())
  }

  /** A dial that is under way begins anew when there is now a way it does not know: silence takes seconds. */
  wake(): void {
    this.#hasHope = true
    const dial = this.#dial
    if (dial !== undefined && this.#dueWays().some((way) => !dial.ways.has(way.toString()))) {
      dial.end.abort(overtaken())
    }
    this.notice()
  }

  /** When the way that stood is lost, looking for a better one must not keep us from having any. */
  notice(): void {
    const isLost = this.#parts.connections.path(this.#peer) === undefined
    if (isLost && this.#dial?.isForBetter) this.#dial.end.abort(overtaken())
    this.#waker.wake()
  }

  check(): void {
    this.#webRtcTries = 0
    for (const connection of this.#parts.connections.all(this.#peer)) {
      this.#parts.suspect(connection)
    }
    this.wake()
  }

  async stop(): Promise<void> {
    this.#stopped.abort()
    await this.#loop
  }

  /** Look for a better way than the one that stands; wait until there may be one. */
  async #run(): Promise<void> {
    const { signal } = this.#stopped
    const backoff = createBackoff(this.#parts.rng)
    while (!signal.aborted) {
      const began = this.#parts.clock.monotonic()
      await this.#improve(signal)
      await this.#rest(backoff, { began, signal })
    }
  }

  /** Until the next dial is due. Connections that come and go meanwhile may put it off or call it. */
  async #rest(
    backoff: Backoff,
    { began, signal }: { readonly began: number; readonly signal: AbortSignal },
  ): Promise<void> {
    const { clock } = this.#parts
    if (this.#wasLost() === 'after standing') return backoff.reset()
    let due = clock.monotonic() + restOf(this.#pause(backoff), clock.monotonic() - began)
    while ((await this.#waker.sleep(due - clock.monotonic(), { signal })) === 'woken') {
      if (this.#hasHope) {
        this.#hasHope = false
        return backoff.reset()
      }
      const lost = this.#wasLost()
      if (lost === 'after standing') return backoff.reset()
      // one that hangs up as soon as it is dialled must not be dialled as fast as it hangs up
      if (lost === 'at once' || this.#look()) due = clock.monotonic() + this.#pause(backoff)
    }
  }

  /** Whether the connection that was here when we last looked is gone, and what it was like. */
  #wasLost(): 'no' | 'at once' | 'after standing' {
    const since = this.#hereSince
    if (since === undefined || this.#look()) return 'no'
    return this.#parts.clock.monotonic() - since >= STOOD_MS ? 'after standing' : 'at once'
  }

  /** Whether it is connected now; remembers since when, and when it last was. */
  #look(): boolean {
    const isHere = this.#parts.connections.path(this.#peer) !== undefined
    const now = this.#parts.clock.monotonic()
    if (isHere || this.#hereSince !== undefined) this.#lastHere = now
    this.#hereSince = isHere ? (this.#hereSince ?? now) : undefined
    return isHere
  }

  /** Dials every address that would be better than what stands. */
  async #improve(signal: AbortSignal): Promise<void> {
    if (this.#dueWays().length > 0) await this.#pacer.turn({ signal })
    const path = this.#parts.connections.path(this.#peer)
    const addresses = this.#dueWays()
    if (addresses.length === 0) {
      if (path === undefined) this.#parts.explain(this.#peer, { kind: 'no-address' })
      return
    }
    const end = new AbortController()
    const ways = new Set(addresses.map(String))
    this.#dial = { ways, isForBetter: path !== undefined, end }
    try {
      await this.#parts.dial(this.#peer, addresses, AbortSignal.any([signal, end.signal]))
    } catch (error) {
      if (end.signal.aborted) return
      if (addresses.some(isWebRtc)) this.#webRtcTries += 1
      if (!signal.aborted) this.#parts.explain(this.#peer, absenceOf(error))
    } finally {
      this.#dial = undefined
    }
  }

  /** What is better than the way that stands, and ours to dial now. */
  #dueWays(): readonly Multiaddr[] {
    const better = this.#betterThan(this.#parts.connections.path(this.#peer))
    if (this.#parts.isFirst(this.#peer)) return better
    const since = this.#hereSince ?? this.#parts.clock.monotonic()
    const isOurTurn = this.#parts.clock.monotonic() - since >= WEBRTC_TURN_MS
    return isOurTurn ? better : better.filter((address) => !isWebRtc(address))
  }

  #betterThan(path: Path | undefined): readonly Multiaddr[] {
    return this.#parts.addresses(this.#peer).filter((address) => {
      if (!isBetter(pathOf(address), path)) return false
      // WebRTC signals over a relayed connection, so it can only follow one
      return !isWebRtc(address) || (path === 'relayed' && this.#webRtcTries < MAX_WEBRTC_TRIES)
    })
  }

  #pause(backoff: Backoff): number {
    if (this.#look()) {
      const path = this.#parts.connections.path(this.#peer)
      return this.#betterThan(path).length === 0 ? FOREVER : backoff.next(BETTER)
    }
    const since = this.#parts.clock.monotonic() - (this.#lastHere ?? Number.NEGATIVE_INFINITY)
    return backoff.next(since < LATELY_MS ? LATELY : AWAY)
  }
}

/** A dial under way. */
interface Dial {
  readonly ways: ReadonlySet<string>
  /** Another way stood when it began. */
  readonly isForBetter: boolean
  readonly end: AbortController
}

function overtaken(): NetError {
  return new NetError('ERR_UNREACHABLE', 'There is more to dial by now')
}

function absenceOf(error: unknown): Absence {
  if (isNetError(error, 'ERR_PEER_REFUSED')) return { kind: 'refused' }
  return {
    kind: 'failed',
    reason: isNetError(error) ? error.message : 'It does not answer',
  }
}
