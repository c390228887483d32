import type { Activity } from './activity.ts'
import type { Doubts } from './doubts.ts'
import type { Host } from './host.ts'

/**
 * Idle connections are asked for a sign of life this often (rule NET-26): a peer that vanished is
 * noticed within two of it. A busy one is not asked, because on a slow line the question would
 * stand in a queue behind what is being sent.
 */
const EVERY_MS = 4_000

/** Watches all connections of a host. */
export function startHeartbeat(
  host: Host,
  { activity, doubts }: { readonly activity: Activity; readonly doubts: Pick<Doubts, 'ask'> },
  { every = EVERY_MS }: { readonly every?: number | undefined } = {},
): { stop(): void } {
  const timer = setInterval(() => {
    for (const connection of host.getConnections()) {
      if (activity.idleFor(connection) >= every) void doubts.ask(connection)
    }
  }, every)
  return { stop: () => clearInterval(timer) }
}
