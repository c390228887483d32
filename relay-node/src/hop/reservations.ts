import type { Clock } from '@kithmesh/net'
import type { RelayLimits } from '../limits.ts'
import { createTally } from '../tally.ts'

/** A device that may be reached through the relay. `C` is its connection. */
export interface Reservation<C> {
  readonly connection: C
  /** What per-address limits count it under. */
  readonly source: string
  /** Whose device it is; undefined where nobody knows. */
  readonly account?: string | undefined
  /** A device of the owner: only the limit of its account holds it (rule RLY-41). */
  readonly isProtected?: boolean
  /** ms since 1970 UTC. */
  readonly expiresAt: number
}

/** Who asks for a reservation, and from where. */
export type Reserving<C> = Omit<Reservation<C>, 'expiresAt'>

/** What asking for a reservation comes to. */
export type ReserveOutcome =
  | { readonly kind: 'granted'; readonly expiresAt: number }
  | { readonly kind: 'full' }
  | { readonly kind: 'address-full' }
  | { readonly kind: 'account-full' }

/** The reservations of one relay, by peer: in memory only, gone with their connection. */
export interface Reservations<C> {
  /** Grants or extends; an extension always counts from now (rule RLY-4). */
  reserve(peer: string, at: Reserving<C>): ReserveOutcome
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

/** Limits read whenever somebody asks, so that an operator may change them. */
type ReservationLimits = Pick<
  RelayLimits,
  'maxReservations' | 'maxReservationsPerAddress' | 'maxReservationsPerAccount'
>

/** No reservations yet. */
export function createReservations<C>(limits: ReservationLimits, clock: Clock): Reservations<C> {
  const byPeer = new Map<string, Reservation<C>>()
  const bySource = createTally()
  const byAccount = createTally()
  let guests = 0

  const count = (reservation: Reserving<C>, change: 'add' | 'remove'): void => {
    if (reservation.account !== undefined) byAccount[change](reservation.account)
    if (reservation.isProtected === true) return
    bySource[change](reservation.source)
    guests += change === 'add' ? 1 : -1
  }
  const drop = (peer: string): void => {
    const reservation = byPeer.get(peer)
    if (reservation === undefined) return
    byPeer.delete(peer)
    count(reservation, 'remove')
  }
  const dropExpired = (): void => {
    for (const [peer, { expiresAt }] of byPeer) if (expiresAt <= clock.now()) drop(peer)
  }
  const refusal = (peer: string, at: Reserving<C>): ReserveOutcome | undefined => {
    const own = byPeer.get(peer)
    const { account, source } = at
    const isNewThere = account !== undefined && own?.account !== account
    if (isNewThere && byAccount.of(account) >= limits.maxReservationsPerAccount) {
      return { kind: 'account-full' }
    }
    if (at.isProtected === true) return undefined
    const isNewGuest = own === undefined || own.isProtected === true
    if (isNewGuest && guests >= limits.maxReservations) return { kind: 'full' }
    const isMoved = isNewGuest || own.source !== source
    if (isMoved && bySource.of(source) >= limits.maxReservationsPerAddress) {
      return { kind: 'address-full' }
    }
    return undefined
  }

  return {
    reserve(peer, at) {
      if (refusal(peer, at) !== undefined) dropExpired()
      const refused = refusal(peer, at)
      if (refused !== undefined) return refused
      drop(peer)
      const expiresAt = clock.now() + RESERVATION_MS
      byPeer.set(peer, { ...at, expiresAt })
      count(at, 'add')
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
