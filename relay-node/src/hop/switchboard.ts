import { type Clock, type NetIdentity, type PeerIdText, peerOfMultihash } from '@kithmesh/net'
import type { Connection } from '@libp2p/interface'
import type { Counters, RefusalReason } from '../counters.ts'
import { sourceOf } from '../guard/source-address.ts'
import type { RelayLimits } from '../limits.ts'
import { type Access, OPEN_ACCESS } from '../ownership/access.ts'
import { createQuota, type Quota } from '../rate.ts'
import type { Circuit } from './circuit.ts'
import { createCircuitLedger } from './circuit-ledger.ts'
import { createReservations, type ReserveOutcome } from './reservations.ts'
import { createTraffic } from './traffic.ts'
import type { UsageBook } from './usage.ts'

/** What a {@link Switchboard} is made from. */
export interface SwitchboardOptions {
  readonly identity: NetIdentity
  /** Read at each request, so an operator may change them while the relay runs. */
  readonly limits: RelayLimits
  readonly counters: Counters
  readonly clock: Clock
  /** Who may use the relay. Default: everybody. */
  readonly access?: Access
  /** Where sums per account and day are kept; without it they are not. */
  readonly usage?: UsageBook
  /** Whether the month's bytes are spent: then nothing new is opened. */
  isSpent?(): boolean
}

/**
 * Who may be joined with whom, and who is: the one place that decides it for circuits and for splices, so that neither
 * is a way around the other (rule RLY-54).
 */
export interface Switchboard {
  /** Makes a peer reachable over its connection, or says why not. */
  reserve(connection: Connection): ReserveGrant | Refused
  /** Takes a place for a circuit to a peer, or says why there is none. */
  admit(connection: Connection, target: Uint8Array): Admitted | Refused
  /** Whether the standing reservation of its peer was made over this connection. */
  isReserved(connection: Connection): boolean
  reservations(): number
  /** Places taken, by circuits that are being made too. */
  circuits(): number
  bufferedBytes(): number
  /** Keeps a joined pair until it ends, then gives its place back. */
  keep(circuit: Circuit, admitted: Admitted): void
  /** Refuses everything new from now on. */
  drain(): void
  readonly isDraining: boolean
  /** Settles when nothing is joined; rejects with the signal's reason. */
  drained(signal: AbortSignal): Promise<void>
  /** Resets everything that is joined. */
  end(reason: Error): void
  /** Resets what one of these peers is an end of: splices do not end with its connection. */
  endOf(peers: ReadonlySet<PeerIdText>, reason: Error): void
}

/** A reservation stands until then, in ms since 1970 UTC. */
export interface ReserveGrant {
  readonly kind: 'granted'
  readonly expiresAt: number
}

/** A request is refused. */
export interface Refused {
  readonly kind: 'refused'
  readonly reason: RefusalReason
}

/** A place for a circuit. */
export interface Admitted {
  readonly kind: 'admitted'
  /** The connection over which the target holds its reservation. */
  readonly target: Connection
  readonly ends: readonly [initiator: PeerIdText, target: PeerIdText]
  /** To be told of the bytes that pass, from the moment both are joined. */
  opened(): (count: number) => number
  /** Gives the place back; needed where it never comes to a circuit. */
  close(): void
}

/** A household's devices that all come back at once may ask this many seconds' worth of requests. */
const BURST_SECONDS = 10
/** Addresses whose requests are counted apart: ~1 MB. */
const MAX_SOURCES = 10_000

/** Nobody is reachable, nobody joined. */
export function createSwitchboard(options: SwitchboardOptions): Switchboard {
  const { limits, clock, counters, access = OPEN_ACCESS, isSpent = () => false } = options
  const reservations = createReservations<Connection>(limits, clock)
  const ledger = createCircuitLedger(limits, access)
  const traffic = createTraffic({ counters, limits, clock, usage: options.usage })
  const withinQuota = createRequestQuota(limits, clock)
  const joined = new Map<Circuit, Admitted['ends']>()
  let isDraining = false

  /** Guests ask from their address, devices of the owner each for itself: a neighbour cannot spend theirs. */
  const isWithinQuota = ({ peer, source, isProtected }: Caller): boolean =>
    withinQuota(isProtected ? `peer ${peer}` : source)

  const callerOf = (connection: Connection): Caller => {
    const peer = connection.remotePeer.toString()
    return {
      peer,
      source: sourceOf(connection.remoteAddr),
      account: access.accountOf(peer),
      isProtected: access.isProtected(peer),
    }
  }
  /** A device that left holds no place, and cannot be dialled (rule RLY-4). */
  const releaseWith = (peer: string, connection: Connection): void => {
    const release = (): void => reservations.release(peer, connection)
    connection.addEventListener('close', release, { once: true })
    if (connection.status !== 'open') release()
  }

  return {
    reserve(connection) {
      const caller = callerOf(connection)
      const { peer } = caller
      if (isOverRelay(connection)) return refused('over_relay')
      if (!access.mayReserve(peer)) return refused('not_allowed')
      if (!isWithinQuota(caller)) return refused('rate')
      if (isDraining) return refused('reservation_draining')
      if (isSpent()) return refused('month')
      const wasReserved = reservations.get(peer)?.connection === connection
      const outcome = reservations.reserve(peer, { connection, ...caller })
      if (outcome.kind !== 'granted') return refused(RESERVE_REFUSALS[outcome.kind])
      if (!wasReserved) releaseWith(peer, connection)
      counters.reservationsGranted += 1
      return outcome
    },
    admit(connection, target) {
      const caller = callerOf(connection)
      const to = peerOfMultihash(target)
      if (isOverRelay(connection)) return refused('over_relay')
      if (!access.mayConnect(caller.peer, to)) return refused('not_allowed')
      if (!isWithinQuota(caller)) return refused('rate')
      if (isDraining) return refused('circuit_draining')
      if (isSpent()) return refused('month')
      const reservation = reservations.get(to)
      if (reservation === undefined) return refused('no_reservation')
      const accounts = [...new Set([caller.account, access.accountOf(to)])].filter(isKnown)
      const { peer: initiator, source, isProtected } = caller
      const close = ledger.open({ initiator, target: to, source, accounts, isProtected })
      if (close === undefined) return refused('circuit_limit')
      return {
        kind: 'admitted',
        target: reservation.connection,
        ends: [initiator, to],
        opened: () => traffic.open(accounts),
        close,
      }
    },
    isReserved: (connection) =>
      reservations.get(connection.remotePeer.toString())?.connection === connection,
    reservations: () => reservations.count(),
    circuits: () => ledger.count(),
    bufferedBytes: () => [...joined.keys()].reduce((sum, one) => sum + one.bufferedBytes(), 0),
    keep(circuit, { close, ends }) {
      joined.set(circuit, ends)
      void circuit.done.then(() => {
        joined.delete(circuit)
        close()
      })
    },
    drain: () => {
      isDraining = true
    },
    get isDraining() {
      return isDraining
    },
    drained: (signal) => allDone([...joined.keys()], signal),
    end: (reason) => {
      for (const circuit of joined.keys()) circuit.abort(reason)
    },
    endOf: (peers, reason) => {
      for (const [circuit, ends] of joined) {
        if (ends.some((peer) => peers.has(peer))) circuit.abort(reason)
      }
    },
  }
}

/** Who asks. */
interface Caller {
  readonly peer: string
  readonly source: string
  readonly account: string | undefined
  readonly isProtected: boolean
}

const RESERVE_REFUSALS: Readonly<
  Record<Exclude<ReserveOutcome['kind'], 'granted'>, RefusalReason>
> = {
  full: 'reservation_full',
  'address-full': 'reservation_address_full',
  'account-full': 'reservation_account_full',
}

function refused(reason: RefusalReason): Refused {
  return { kind: 'refused', reason }
}

function isKnown(account: string | undefined): account is string {
  return account !== undefined
}

/** A relay reached over a relay would be a chain: refused, as the stock relays do. */
function isOverRelay({ remoteAddr, limits }: Connection): boolean {
  return limits !== undefined || remoteAddr.toString().includes('/p2p-circuit')
}

function createRequestQuota(limits: RelayLimits, clock: Clock): Quota {
  const quota = {
    get perSecond() {
      return limits.maxRequestsPerSecond
    },
    get burst() {
      return limits.maxRequestsPerSecond * BURST_SECONDS
    },
    maxSources: MAX_SOURCES,
  }
  return createQuota(quota, clock)
}

async function allDone(circuits: readonly Circuit[], signal: AbortSignal): Promise<void> {
  signal.throwIfAborted()
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  signal.addEventListener('abort', () => reject(signal.reason), { once: true })
  void Promise.all(circuits.map(({ done }) => done)).then(() => resolve())
  return promise
}
