import type { Connection, MultiaddrConnection } from '@libp2p/interface'

/** libp2p hands the record of times on from the socket to the connection that is made of it. */
const timelines = new WeakSet<object>()

/** Remembers that a socket is a spliced road, for as long as it lives. */
export function markSpliced({ timeline }: Pick<MultiaddrConnection, 'timeline'>): void {
  timelines.add(timeline)
}

/** Whether a connection runs over a spliced road, and not over a circuit at the same address. */
export function isSpliced({ timeline }: Pick<Connection, 'timeline'>): boolean {
  return timelines.has(timeline)
}
