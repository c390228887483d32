import type { Host } from '../host.ts'
import type { Activity } from './activity.ts'
import type { Doubts } from './doubts.ts'

/**
 * Idle connections are asked for a sign of life this often (rule NET-26): a peer that vanished is
 * noticed within two of it. A busy one is not asked, because on a slow line the question would
 * stand in a queue behind what is being sent.
 */
const EVERY_MS = 4_000

/** Watches all connections of a host; while there are none it sleeps. */
export function startHeartbeat(
  host: Host,
  { activity, doubts }: { readonly activity: Activity; readonly doubts: Pick<Doubts, 'ask'> },
  { every = EVERY_MS }: { readonly every?: number | undefined } = {},
): { stop(): void } {
  let timer: ReturnType<typeof setInterval> | undefined
  const beat = (): void => {
    const connections = host.getConnections()
    if (connections.length === 0) rest()
    for (const connection of connections) {
      if (activity.idleFor(connection) >= every) void doubts.ask(connection)
    }
  }
  const rest = (): void => {
    clearInterval(timer)
    timer = undefined
  }
  const begin = (): void => {
    timer ??= setInterval(beat, every)
  }
  host.addEventListener('connection:open', begin)
  return {
    stop: () => {
      host.removeEventListener('connection:open', begin)
      rest()
    },
  }
}
