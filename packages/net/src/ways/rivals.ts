import type { Connection } from '@libp2p/interface'
import { pathOf } from '../addresses.ts'
import { NetError } from '../errors.ts'
import type { PeerIdText } from '../net.ts'
import { type Connections, isBetter } from './connections.ts'
import type { Doubts } from './doubts.ts'

/** What several connections of one peer mean for each other (rule NET-52). */
export interface Rivals {
  /** A connection was opened. */
  opened(connection: Connection): void
  /** A connection is doubted from now on, or no longer. */
  doubted(connection: Connection): void
}

/** What {@link Rivals} are made from. */
export interface RivalsParts {
  readonly connections: Pick<Connections, 'all' | 'path'>
  readonly doubts: Pick<Doubts, 'suspect' | 'isDoubted'>
  /** Whether a peer is reached has changed. */
  lookAgain(peer: PeerIdText): void
}

/** Judges the connections of a host. */
export function createRivals({ connections, doubts, lookAgain }: RivalsParts): Rivals {
  return {
    // A peer that has a way to us and opens one that is no better may have lost the first.
    opened: (connection) => {
      const path = pathOf(connection.remoteAddr)
      for (const other of connections.all(connection.remotePeer.toString())) {
        if (other === connection) continue
        // one that is doubted already is not needed any longer
        if (doubts.isDoubted(other)) other.abort(superseded())
        else if (!isBetter(path, pathOf(other.remoteAddr))) doubts.suspect(other)
      }
    },
    // Another way is looked for while there is a doubt; where there is one already it is taken at once.
    doubted: (connection) => {
      const peer = connection.remotePeer.toString()
      const hasOther = connections.path(peer) !== undefined
      if (doubts.isDoubted(connection) && hasOther) connection.abort(superseded())
      else lookAgain(peer)
    },
  }
}

function superseded(): NetError {
  return new NetError('ERR_UNREACHABLE', 'It gave no sign of life, and another way does')
}
