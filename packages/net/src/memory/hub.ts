import type { Clock } from '../environment.ts'
import { NetError } from '../errors.ts'
import type { FrameStream, NetProtocol, PeerIdText } from '../net.ts'
import type { MemoryEnd } from './stream.ts'

/** What nets in memory meet in, and the hand that takes them apart. */
export interface MemoryHub {
  /**
   * Only peers of one group reach each other; peers in none are a group of their own together.
   * Connections across break at once.
   */
  partition(groups: readonly (readonly PeerIdText[])[]): void
  /** Everybody reaches everybody again; kept peers are connected anew. */
  heal(): void
  /** By which way two peers reach each other from now on. Default `lan`. */
  setPath(a: PeerIdText, b: PeerIdText, path: FrameStream['path']): void
}

/** What the hub sees of a net. */
export interface HubMember {
  readonly peer: PeerIdText
  connected(): readonly PeerIdText[]
  kept(): readonly PeerIdText[]
  refuses(peer: PeerIdText): boolean
  /** A connection to a peer stands. */
  welcome(peer: PeerIdText): void
  /** The connection to a peer is gone. */
  lose(peer: PeerIdText): void
  pathChanged(peer: PeerIdText): void
  /** Who waits near it to be linked may be others now. */
  nearbyChanged(): void
  /** A peer opens a stream; the end it gets. @throws ERR_PROTOCOL_UNSUPPORTED */
  accept(from: HubMember, protocol: NetProtocol): MemoryEnd
  /** An end of a stream to a peer is open on our side. */
  hold(peer: PeerIdText, end: MemoryEnd): void
}

/** Every net of one hub, who is apart from whom, and who is connected. */
export class Hub implements MemoryHub {
  readonly clock: Pick<Clock, 'now'>
  readonly #members = new Map<PeerIdText, HubMember>()
  readonly #paths = new Map<string, FrameStream['path']>()
  readonly #groups = new Map<PeerIdText, number>()
  readonly #waiting = new Set<PeerIdText>()
  #isSettling = false

  constructor(clock: Pick<Clock, 'now'>) {
    this.clock = clock
  }

  join(member: HubMember): void {
    if (this.#members.has(member.peer)) {
      throw new NetError('ERR_ADDRESS', 'A net with this identity is running already')
    }
    this.#members.set(member.peer, member)
    this.#tellNearby()
    this.settle()
  }

  leave(member: HubMember): void {
    for (const peer of member.connected()) this.disconnect(member.peer, peer)
    this.#members.delete(member.peer)
    this.announceWaiting(member.peer, false)
  }

  /** Everybody on the same network hears of it. */
  announceWaiting(peer: PeerIdText, isWaiting: boolean): void {
    if (isWaiting) this.#waiting.add(peer)
    else this.#waiting.delete(peer)
    this.#tellNearby()
  }

  nearby(of: PeerIdText): readonly PeerIdText[] {
    return [...this.#waiting].filter(
      (peer) => peer !== of && this.#isTogether(of, peer) && this.path(of, peer) === 'lan',
    )
  }

  partition(groups: readonly (readonly PeerIdText[])[]): void {
    this.#groups.clear()
    for (const [index, group] of groups.entries()) {
      for (const peer of group) this.#groups.set(peer, index)
    }
    for (const { peer, connected } of this.#each()) {
      for (const other of connected) {
        if (!this.#isTogether(peer, other)) this.disconnect(peer, other)
      }
    }
    this.#tellNearby()
    this.settle()
  }

  heal(): void {
    this.partition([])
  }

  setPath(a: PeerIdText, b: PeerIdText, path: FrameStream['path']): void {
    this.#paths.set(pairKey(a, b), path)
    this.#members.get(a)?.pathChanged(b)
    this.#members.get(b)?.pathChanged(a)
    this.#tellNearby()
  }

  path(a: PeerIdText, b: PeerIdText): FrameStream['path'] {
    return this.#paths.get(pairKey(a, b)) ?? 'lan'
  }

  /** The other net, connected with; undefined when it is off, apart, or either refuses the other. */
  connect(from: HubMember, peer: PeerIdText): HubMember | undefined {
    const other = this.#members.get(peer)
    if (other === undefined || other === from || !this.#isTogether(from.peer, peer))
      return undefined
    if (from.refuses(peer) || other.refuses(from.peer)) return undefined
    if (!from.connected().includes(peer)) {
      from.welcome(peer)
      other.welcome(from.peer)
    }
    return other
  }

  disconnect(a: PeerIdText, b: PeerIdText): void {
    this.#members.get(a)?.lose(b)
    this.#members.get(b)?.lose(a)
  }

  /** Connects who wants to be, once whoever changed something is done with it. */
  settle(): void {
    if (this.#isSettling) return
    this.#isSettling = true
    queueMicrotask(() => {
      this.#isSettling = false
      for (const member of [...this.#members.values()]) {
        for (const peer of member.kept()) this.connect(member, peer)
      }
    })
  }

  #each(): readonly { peer: PeerIdText; connected: readonly PeerIdText[] }[] {
    return [...this.#members.values()].map((member) => ({
      peer: member.peer,
      connected: member.connected(),
    }))
  }

  #tellNearby(): void {
    for (const member of this.#members.values()) member.nearbyChanged()
  }

  #isTogether(a: PeerIdText, b: PeerIdText): boolean {
    return this.#groups.get(a) === this.#groups.get(b)
  }
}

function pairKey(a: PeerIdText, b: PeerIdText): string {
  return a < b ? `${a} ${b}` : `${b} ${a}`
}
