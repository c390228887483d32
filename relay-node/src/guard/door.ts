import type { Clock } from '@kithmesh/net'
import type { Connection } from '@libp2p/interface'
import type { RelayLimits } from '../limits.ts'
import { createQuota } from '../rate.ts'
import { createTally } from '../tally.ts'

/** Who may come in, before anything is known of them but their address (rules RLY-7, RLY-60). */
export interface Door {
  /**
   * Somebody stands before the door. `cut` ends their connection, if another has to make room.
   * Undefined when there are too many of that address.
   */
  enter(source: string, cut: () => void): Visit | undefined
  /** A connection from there was cut off because it flooded (rule RLY-62). */
  blame(source: string): void
  /** A device of the owner is there: whoever comes from there makes room last (rule RLY-60). */
  trust(source: string): void
  /** How many are on their way in now. */
  pending(): number
}

/** One connection, from before its handshake to its end. Each may be called more than once. */
export interface Visit {
  /** The handshake is done: the peer has shown its key. */
  inside(): void
  /** The connection is closed. */
  left(): void
}

/** Limits a door keeps; read whenever they are needed, so that they may change. */
export type DoorLimits = Pick<
  RelayLimits,
  'maxConnectionsPerAddress' | 'maxPendingPerAddress' | 'maxPending'
>

/** An address that flooded gets one new connection a second for this long: others may be behind it. */
const BLAME_MS = 60_000
const BLAMED = { perSecond: 1, burst: 1, maxSources: 10_000 }
/** Addresses that are remembered for it. */
const MAX_BLAMED = 10_000

/** As long as an address usually stays a household's own. */
const TRUST_MS = 24 * 3_600_000
/** Eight devices in many places. */
const MAX_TRUSTED = 256

/** A door that has let in nobody. */
export function createDoor(limits: DoorLimits, clock: Clock): Door {
  const open = createTally()
  const trustedUntil = new Map<string, number>()
  const isTrusted = (source: string): boolean => (trustedUntil.get(source) ?? 0) > clock.monotonic()
  const waiting = createQueue(isTrusted)
  const blamedUntil = new Map<string, number>()
  const withinBlame = createQuota(BLAMED, clock)

  const isShutOut = (source: string): boolean => {
    const until = blamedUntil.get(source)
    if (until === undefined) return false
    if (until > clock.monotonic()) return !withinBlame(source)
    blamedUntil.delete(source)
    return false
  }
  return {
    enter(source, cut) {
      if (isShutOut(source) || open.of(source) >= limits.maxConnectionsPerAddress) return undefined
      if (waiting.of(source) >= limits.maxPendingPerAddress) waiting.cutOldest(source)
      if (waiting.count() >= limits.maxPending) waiting.cutOldest(waiting.greediest())
      open.add(source)
      const inside = waiting.add(source, cut)
      let isIn = true
      return {
        inside,
        left() {
          inside()
          if (isIn) open.remove(source)
          isIn = false
        },
      }
    },
    blame(source) {
      remember(blamedUntil, source, { until: clock.monotonic() + BLAME_MS, most: MAX_BLAMED })
    },
    trust(source) {
      remember(trustedUntil, source, { until: clock.monotonic() + TRUST_MS, most: MAX_TRUSTED })
    },
    pending: () => waiting.count(),
  }
}

/** Notes an address; of too many the one noted longest ago is forgotten. */
function remember(
  known: Map<string, number>,
  source: string,
  { until, most }: { readonly until: number; readonly most: number },
): void {
  known.delete(source)
  known.set(source, until)
  const [oldest] = known.keys()
  if (known.size > most && oldest !== undefined) known.delete(oldest)
}

/** Those who have not shown a key yet, by address, the oldest first. */
interface Queue {
  count(): number
  of(source: string): number
  /** The result takes it out again. */
  add(source: string, cut: () => void): () => void
  /** The address of which most wait; a trusted one only where there is no other. */
  greediest(): string
  /** Makes room: who waits longest has had the time an honest peer needs. */
  cutOldest(source: string): void
}

function createQueue(isTrusted: (source: string) => boolean): Queue {
  const bySource = new Map<string, Set<() => void>>()
  let count = 0

  const take = (source: string, cut: () => void): void => {
    const own = bySource.get(source)
    if (own?.delete(cut) !== true) return
    count -= 1
    if (own.size === 0) bySource.delete(source)
  }
  return {
    count: () => count,
    of: (source) => bySource.get(source)?.size ?? 0,
    add(source, cut) {
      const once = (): void => cut()
      const own = bySource.get(source) ?? new Set()
      bySource.set(source, own.add(once))
      count += 1
      return () => take(source, once)
    },
    greediest() {
      let found = ''
      let most = 0
      for (const [source, { size }] of bySource) {
        const weight = isTrusted(source) ? size / (count + 1) : size
        if (weight <= most) continue
        found = source
        most = weight
      }
      return found
    },
    cutOldest(source) {
      const [oldest] = bySource.get(source) ?? []
      if (oldest === undefined) return
      take(source, oldest)
      oldest()
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
  at: { readonly now: number; isUsed(connection: Connection): boolean },
): readonly Connection[] {
  return connections.filter(
    (connection) => at.now - connection.timeline.open > IDLE_MS && !at.isUsed(connection),
  )
}
