import type { Connection } from '@libp2p/interface'
import type { Clock } from '../environment.ts'

/** When something last came over a connection, so that a busy one is not asked whether it lives. */
export interface Activity {
  mark(connection: Connection): void
  /** ms since something came, infinite when nothing ever did. */
  idleFor(connection: Connection): number
}

/** Makes a record that forgets connections by itself. */
export function createActivity(clock: Pick<Clock, 'monotonic'>): Activity {
  const lastByConnection = new WeakMap<Connection, number>()
  return {
    mark: (connection) => {
      lastByConnection.set(connection, clock.monotonic())
    },
    idleFor: (connection) =>
      clock.monotonic() - (lastByConnection.get(connection) ?? Number.NEGATIVE_INFINITY),
  }
}
