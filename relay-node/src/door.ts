import { HOP_PROTOCOL, STOP_PROTOCOL } from '@kithmesh/net'
import type { Connection, MultiaddrConnection } from '@libp2p/interface'
import type { RelayLimits } from './limits.ts'
import { sourceOf } from './source-address.ts'
import { createTally } from './tally.ts'

/** Who may come in, before anything is known of them but their address (rule RLY-7). */
export interface Door {
  /** Whether a new connection is one too many of its address; counts it while it lives if not. */
  refuses(connection: MultiaddrConnection): boolean
}

/** A door that has let in nobody. */
export function createDoor(limits: Pick<RelayLimits, 'maxConnectionsPerAddress'>): Door {
  const open = createTally()
  return {
    refuses(connection) {
      const source = sourceOf(connection.remoteAddr)
      if (open.of(source) >= limits.maxConnectionsPerAddress) return true
      open.add(source)
      connection.addEventListener('close', () => open.remove(source), { once: true })
      return false
    },
  }
}

/** Whoever came for a circuit has asked for it by then; the others only take up room. */
const IDLE_MS = 60_000

/**
 * Connections nobody uses: no reservation was made over them and no circuit runs through them,
 * for longer than anybody needs to ask (rule RLY-11).
 */
export function idleConnections(
  connections: readonly Connection[],
  at: { readonly now: number; isReserved(connection: Connection): boolean },
): readonly Connection[] {
  return connections.filter(
    (connection) =>
      at.now - connection.timeline.open > IDLE_MS &&
      !at.isReserved(connection) &&
      !connection.streams.some(({ protocol }) => CIRCUIT_PROTOCOLS.has(protocol)),
  )
}

const CIRCUIT_PROTOCOLS: ReadonlySet<string> = new Set([HOP_PROTOCOL, STOP_PROTOCOL])
