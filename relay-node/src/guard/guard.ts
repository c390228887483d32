import type { Admit, Clock, Host } from '@kithmesh/net'
import type { Connection, ConnectionGater, MultiaddrConnection } from '@libp2p/interface'
import type { Counters } from '../counters.ts'
import type { RelayLimits } from '../limits.ts'
import type { Access } from '../ownership/access.ts'
import { createDoor, type Door, idleConnections, type Visit } from './door.ts'
import { sourceOf, sourceOfIp } from './source-address.ts'

/** What stands between the relay and whoever wants to close it to others (rules RLY-60 to RLY-66). */
export interface Guard {
  /** Asked about each TCP socket before its first byte. */
  readonly admit: Admit
  /** Asked about each connection, before and behind its handshake. */
  readonly gate: ConnectionGater
  /** Watches the connections of a started host until the signal is aborted. */
  watch(host: Host, options: { readonly signal: AbortSignal }): void
  /** Closes what nobody uses. */
  sweep(): void
  /** Cuts off devices that may not use the relay any more. */
  cutOff(peers: ReadonlySet<string>): void
}

/** What a guard goes by. */
export interface GuardParts {
  readonly limits: RelayLimits
  readonly clock: Clock
  readonly counters: Counters
  readonly access: Access
  /** Whether a connection carries something: a reservation, a circuit, a splice being made. */
  isUsed(connection: Connection): boolean
  /** Somebody came in from this address. */
  onVisit(connection: Connection): void
}

/** What came in this long ago has had the time to ask for what it came for. */
const GRACE_MS = 3_000

/** Everybody with a reservation, everybody dialling a circuit, and as many who may come to. */
export function maxConnectionsOf({
  maxReservations,
  maxCircuits,
}: Pick<RelayLimits, 'maxReservations' | 'maxCircuits'>): number {
  return 2 * (maxReservations + maxCircuits)
}

/** A guard over no connections. */
export function createGuard(parts: GuardParts): Guard {
  const door = createDoor(parts.limits, parts.clock)
  const visits = new WeakMap<MultiaddrConnection, Visit>()
  const open = new Set<Connection>()

  return {
    admit: (socket) => admit(door, socket, parts),
    gate: {
      denyInboundConnection(connection) {
        const visit = enter(door, connection)
        if (visit === undefined) parts.counters.turnedAway += 1
        else visits.set(connection, visit)
        return visit === undefined
      },
      denyInboundUpgradedConnection(peer, connection) {
        visits.get(connection)?.inside()
        if (open.size < maxConnectionsOf(parts.limits)) return false
        if (makeRoom(open, parts) || parts.access.isProtected(peer.toString())) return false
        parts.counters.turnedAway += 1
        return true
      },
    },
    watch(host, { signal }) {
      const watchOne = ({ detail }: CustomEvent<Connection>): void => {
        open.add(detail)
        parts.onVisit(detail)
        detail.addEventListener('close', ({ error }) => {
          open.delete(detail)
          if (error?.name === 'FloodError') blame(door, detail, parts)
        })
      }
      host.addEventListener('connection:open', watchOne)
      signal.addEventListener('abort', () => host.removeEventListener('connection:open', watchOne))
    },
    sweep() {
      for (const { remotePeer, remoteAddr } of open) {
        if (parts.access.isProtected(remotePeer.toString())) door.trust(sourceOf(remoteAddr))
      }
      const at = { now: parts.clock.now(), isUsed: parts.isUsed }
      for (const connection of idleConnections([...open], at)) {
        connection.close().catch((error: Error) => connection.abort(error))
      }
    },
    cutOff(peers) {
      for (const connection of [...open]) {
        if (!peers.has(connection.remotePeer.toString())) continue
        connection.abort(new Error('This device is served no more'))
      }
    },
  }
}

function admit(
  door: Door,
  socket: Parameters<Admit>[0],
  { counters }: GuardParts,
): ReturnType<Admit> {
  const visit = door.enter(sourceOfIp(socket.remoteAddress ?? ''), () => socket.destroy())
  if (visit === undefined) counters.turnedAway += 1
  return visit?.left
}

function enter(door: Door, connection: MultiaddrConnection): Visit | undefined {
  const cut = (): void => connection.abort(new Error('Somebody else needs the place'))
  const visit = door.enter(sourceOf(connection.remoteAddr), cut)
  if (visit !== undefined) connection.addEventListener('close', visit.left, { once: true })
  return visit
}

function blame(door: Door, { remoteAddr }: Connection, { counters }: GuardParts): void {
  counters.floods += 1
  door.blame(sourceOf(remoteAddr))
}

/** Cut at once, so that a crowd at the door does not have us look through all connections each time. */
const ROOM = 16

/**
 * Ends connections that carry nothing, of the address that has most of them: ten thousand identities
 * that hold on to connections must not keep out the next who comes (rule RLY-63).
 */
function makeRoom(open: ReadonlySet<Connection>, { clock, isUsed, access }: GuardParts): boolean {
  const unused = [...open].filter(
    (connection) =>
      clock.now() - connection.timeline.open > GRACE_MS &&
      !isUsed(connection) &&
      !access.isProtected(connection.remotePeer.toString()),
  )
  const bySource = Map.groupBy(unused, ({ remoteAddr }) => sourceOf(remoteAddr))
  const [most = []] = [...bySource.values()].sort((a, b) => b.length - a.length)
  // a Set keeps order: the oldest come first
  for (const one of most.slice(0, ROOM)) one.abort(new Error('Somebody else needs the place'))
  return most.length > 0
}
