import type { Connection } from '@libp2p/interface'
import type { Clock } from '../environment.ts'
import type { Host } from '../host.ts'
import type { PeerIdText } from '../net.ts'
import { type Connections, closeOrAbort, isInUse } from './connections.ts'

/** Closes connections that nobody needs. */
export interface Housekeeping {
  /** A peer may have more connections than it needs. */
  look(peer: PeerIdText): void
  stop(): void
}

/** What housekeeping is made from. */
export interface HousekeepingParts {
  readonly host: Host
  readonly connections: Connections
  readonly clock: Clock
  /** Kept peers and relays: their last connection stays. */
  isKept(peer: PeerIdText): boolean
  /** Streams that could take a better way of this peer are told. */
  outdate?(peer: PeerIdText): void
  /** ms between two rounds. */
  readonly every?: number
}

/** Redundant connections are looked at this long after one was opened: both ends have seen it then. */
const LOOK_AFTER_MS = 2_000
/** Then again so often while there is more than one; later the rounds do it. */
const LOOKS = 4

/** A stranger that opened nothing for this long has no business here (rule NET-38). */
const STRANGER_MS = 60_000

const ROUND_MS = 20_000

/** Starts making rounds. */
export function startHousekeeping(parts: HousekeepingParts): Housekeeping {
  const { host, connections } = parts
  const looking = new Map<PeerIdText, ReturnType<typeof setTimeout>>()

  const look = (peer: PeerIdText, left = LOOKS): void => {
    if (looking.has(peer)) return
    const timer = setTimeout(() => {
      looking.delete(peer)
      parts.outdate?.(peer)
      void connections.prune(peer)
      // what was told there is a better way ends in a moment, and then the worse one is not needed
      if (left > 1 && connections.all(peer).length > 1) look(peer, left - 1)
    }, LOOK_AFTER_MS)
    looking.set(peer, timer)
  }
  const round = (): void => {
    for (const peer of connections.peers()) if (connections.all(peer).length > 1) look(peer)
    for (const connection of host.getConnections()) {
      if (isIdleStranger(connection, parts)) void closeOrAbort(connection)
    }
  }
  const timer = setInterval(round, parts.every ?? ROUND_MS)
  return {
    look: (peer) => look(peer),
    stop: () => {
      clearInterval(timer)
      for (const one of looking.values()) clearTimeout(one)
    },
  }
}

function isIdleStranger(connection: Connection, { clock, isKept }: HousekeepingParts): boolean {
  const age = clock.now() - connection.timeline.open
  return age > STRANGER_MS && !isKept(connection.remotePeer.toString()) && !isInUse(connection)
}
