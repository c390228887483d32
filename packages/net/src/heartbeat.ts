import type { Connection } from '@libp2p/interface'
import type { Activity } from './activity.ts'
import type { Host } from './host.ts'
import { dropWhenDead } from './liveness.ts'

/**
 * Idle connections are asked for a sign of life this often (rule NET-26): a peer that vanished is
 * noticed within two of it. A busy one is not asked, because on a slow line the question would
 * stand in a queue behind what is being sent and a living connection would be dropped.
 */
const EVERY_MS = 4_000

/** Watches all connections of a host. */
export function startHeartbeat(
  host: Host,
  activity: Activity,
  { every = EVERY_MS }: { readonly every?: number | undefined } = {},
): { stop(): void } {
  const stopped = new AbortController()
  const asked = new WeakSet<Connection>()

  const ask = async (connection: Connection): Promise<void> => {
    asked.add(connection)
    await dropWhenDead(connection, { signal: stopped.signal })
    asked.delete(connection)
  }
  const timer = setInterval(() => {
    for (const connection of host.getConnections()) {
      const isIdle = activity.idleFor(connection) >= every
      if (isIdle && connection.status === 'open' && !asked.has(connection)) void ask(connection)
    }
  }, every)
  return {
    stop: () => {
      clearInterval(timer)
      stopped.abort()
    },
  }
}
