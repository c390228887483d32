import type { Clock } from '@kithmesh/net'
import type { RelayLimits } from './limits.ts'
import { createTally } from './tally.ts'

/** A device that may be reached through the relay. `C` is its connection. */
export interface Reservation<C> {
  readonly connection: C
  /** What per-address limits count it under. */
  readonly source: string
  /** ms since 1970 UTC. */
  readonly expiresAt: number
}

/** What asking for a reservation comes to. */
export type ReserveOutcome =
  | { readonly kind: 'granted'; readonly expiresAt: number }
  | { readonly kind: 'full' }
  | { readonly kind: 'address-full' }

/** The reservations of one relay, by peer: in memory only, gone with their connection. */
export interface Reservations<C> {
  /** Grants or extends; an extension always counts from now (rule RLY-4). */
  reserve(peer: string, at: { readonly connection: C; readonly source: string }): ReserveOutcome
  /** The standing reservation of a peer. */
  get(peer: string): Reservation<C> | undefined
  /** Drops the reservation a peer made over this connection; a newer one stays. */
  release(peer: string, connection: C): void
  /** Reservations standing now. */
  count(): number
}

/**
 * How long a reservation stands unless refreshed: go-libp2p's default. Clients refresh five
 * minutes before the end.
 */
export const RESERVATION_MS: number = 60 * 60 * 1000

/** No reservations yet. */
export function createReservations<C>(
  limits: Pick<RelayLimits, 'maxReservations' | 'maxReservationsPerAddress'>,
  clock: Clock,
): Reservations<C> {
  const byPeer = new Map<string, Reservation<C>>()
  const bySource = createTally()

  const drop = (peer: string): void => {
    const reservation = byPeer.get(peer)
    if (reservation === undefined) return
    byPeer.delete(peer)
    bySource.remove(reservation.source)
  }
  const dropExpired = (): void => {
    for (const [peer, { expiresAt }] of byPeer) if (expiresAt <= clock.now()) drop(peer)
  }
  const refusal = (peer: string, source: string): ReserveOutcome | undefined => {
    const own = byPeer.get(peer)
    if (own === undefined && byPeer.size >= limits.maxReservations) return { kind: 'full' }
    const moved = own?.source !== source
    if (moved && bySource.of(source) >= limits.maxReservationsPerAddress) {
      return { kind: 'address-full' }
    }
    return undefined
  }

  return {
    reserve(peer, { connection, source }) {
      if (refusal(peer, source) !== undefined) dropExpired()
      const refused = refusal(peer, source)
      if (refused !== undefined) return refused
      drop(peer)
      const expiresAt = clock.now() + RESERVATION_MS
      byPeer.set(peer, { connection, source, expiresAt })
      bySource.add(source)
      return { kind: 'granted', expiresAt }
    },
    get(peer) {
      const reservation = byPeer.get(peer)
      if (reservation !== undefined && reservation.expiresAt > clock.now()) return reservation
      drop(peer)
      return undefined
    },
    release(peer, connection) {
      if (byPeer.get(peer)?.connection === connection) drop(peer)
    },
    count() {
      dropExpired()
      return byPeer.size
    },
  }
}
