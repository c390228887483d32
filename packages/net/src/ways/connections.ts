import type { Connection, PeerId } from '@libp2p/interface'
import { type Path, pathOf } from '../addresses.ts'
import type { Host } from '../host.ts'
import { parsePeer } from '../identity.ts'
import type { PeerIdText } from '../net.ts'

/** Best first. */
const RANK: Readonly<Record<Path, number>> = { lan: 0, direct: 1, relayed: 2 }

/** Whether `path` is a better way than `other`; anything is better than none. */
export function isBetter(path: Path, other: Path | undefined): boolean {
  return other === undefined || RANK[path] < RANK[other]
}

/** Orders paths, best first. */
export function comparePaths(a: Path, b: Path): number {
  return RANK[a] - RANK[b]
}

/** The open connections of a host, the best one of a peer first. */
export interface Connections {
  /** The connection new streams of a peer go over; one that is doubted when there is no other. */
  best(peer: PeerIdText): Connection | undefined
  /** How it is reached by a connection that nobody doubts. */
  path(peer: PeerIdText): Path | undefined
  /** Every open connection of a peer. */
  all(peer: PeerIdText): readonly Connection[]
  /** Peers with an open connection. */
  peers(): readonly PeerIdText[]
  /** Closes every connection, politely but not for long. */
  closeAll(): Promise<void>
  /** Closes what is redundant and idle. */
  prune(peer: PeerIdText): Promise<void>
}

/** Reads the connections of a host. Those that are doubted come last (rule NET-52). */
export function createConnections(
  host: Host,
  isDoubted: (connection: Connection) => boolean = () => false,
): Connections {
  const all = (peer: PeerIdText): readonly Connection[] =>
    host
      .getConnections(parsePeer(peer))
      .filter(({ status }) => status === 'open')
      .sort(
        (a, b) =>
          Number(isDoubted(a)) - Number(isDoubted(b)) || compareConnections(a, b, host.peerId),
      )
  return {
    all,
    best: (peer) => all(peer)[0],
    path: (peer) => {
      const best = all(peer)[0]
      return best === undefined || isDoubted(best) ? undefined : pathOf(best.remoteAddr)
    },
    peers: () => {
      const open = host.getConnections().filter(({ status }) => status === 'open')
      return [...new Set(open.map(({ remotePeer }) => remotePeer.toString()))]
    },
    closeAll: async () => {
      await Promise.all(host.getConnections().map((connection) => closeOrAbort(connection)))
    },
    prune: async (peer) => {
      // one of the two decides, or each might close the one the other keeps (rule NET-34)
      if (!isSmaller(host.peerId, peer)) return
      const idle = all(peer)
        .slice(1)
        .filter((connection) => !isInUse(connection))
      await Promise.all(idle.map((connection) => closeOrAbort(connection)))
    },
  }
}

/**
 * Best path first. Of equal ones the one that the smaller peer id dialled, then the older: both ends
 * come to the same choice without a word.
 */
function compareConnections(a: Connection, b: Connection, self: PeerId): number {
  return (
    comparePaths(pathOf(a.remoteAddr), pathOf(b.remoteAddr)) ||
    Number(isDialledBySmaller(b, self)) - Number(isDialledBySmaller(a, self)) ||
    a.timeline.open - b.timeline.open
  )
}

function isDialledBySmaller(connection: Connection, self: PeerId): boolean {
  const weAreSmaller = isSmaller(self, connection.remotePeer.toString())
  return (connection.direction === 'outbound') === weAreSmaller
}

function isSmaller(self: PeerId, other: PeerIdText): boolean {
  return self.toString() < other
}

/** Whether a stream of ours is open on it; those that libp2p opens by itself do not count. */
export function isInUse(connection: Connection): boolean {
  return connection.streams.some(({ protocol }) => !/^\/ipfs\/|^$|webrtc-signaling/.test(protocol))
}

/** To say goodbye a peer has to be there; two that leave at once would wait for each other. */
const GOODBYE_MS = 200

/** Closes a connection, and drops it when the peer does not say goodbye in time. */
export async function closeOrAbort(connection: Connection): Promise<void> {
  await connection
    .close({ signal: AbortSignal.timeout(GOODBYE_MS) })
    .catch((error: Error) => connection.abort(error))
}
