import { CIRCUIT_STATUS, type CircuitStatus } from '@kithmesh/net'

/** Why the relay said no, as counted. */
export type RefusalReason =
  | 'reservation_full'
  | 'reservation_address_full'
  | 'reservation_account_full'
  | 'circuit_limit'
  | 'no_reservation'
  | 'target_failed'
  | 'reservation_draining'
  | 'circuit_draining'
  | 'over_relay'
  | 'not_allowed'
  | 'month'
  | 'ticket'
  | 'rate'
  | 'malformed'
  | 'unexpected'

/** The status a refusal is told with. */
export const REFUSAL_STATUS: Readonly<Record<RefusalReason, CircuitStatus>> = {
  reservation_full: CIRCUIT_STATUS.reservationRefused,
  reservation_address_full: CIRCUIT_STATUS.reservationRefused,
  reservation_account_full: CIRCUIT_STATUS.reservationRefused,
  circuit_limit: CIRCUIT_STATUS.resourceLimitExceeded,
  no_reservation: CIRCUIT_STATUS.noReservation,
  target_failed: CIRCUIT_STATUS.connectionFailed,
  reservation_draining: CIRCUIT_STATUS.reservationRefused,
  circuit_draining: CIRCUIT_STATUS.resourceLimitExceeded,
  over_relay: CIRCUIT_STATUS.permissionDenied,
  not_allowed: CIRCUIT_STATUS.permissionDenied,
  month: CIRCUIT_STATUS.resourceLimitExceeded,
  // of a socket, which is closed without a word
  ticket: CIRCUIT_STATUS.permissionDenied,
  rate: CIRCUIT_STATUS.resourceLimitExceeded,
  malformed: CIRCUIT_STATUS.malformedMessage,
  unexpected: CIRCUIT_STATUS.unexpectedMessage,
}

/** Sums since the start. They name nobody (rule RLY-16). */
export interface Counters {
  bytes: number
  reservationsGranted: number
  circuitsOpened: number
  /** Of these, spliced roads. */
  splicesOpened: number
  stunAnswered: number
  /** Connections refused before or right behind their handshake. */
  turnedAway: number
  /** Connections cut off because their peer flooded them. */
  floods: number
  readonly refusals: Record<RefusalReason, number>
}

/** All at none. */
export function createCounters(): Counters {
  return {
    bytes: 0,
    reservationsGranted: 0,
    circuitsOpened: 0,
    splicesOpened: 0,
    stunAnswered: 0,
    turnedAway: 0,
    floods: 0,
    refusals: {
      reservation_full: 0,
      reservation_address_full: 0,
      reservation_account_full: 0,
      circuit_limit: 0,
      no_reservation: 0,
      target_failed: 0,
      reservation_draining: 0,
      circuit_draining: 0,
      over_relay: 0,
      not_allowed: 0,
      month: 0,
      ticket: 0,
      rate: 0,
      malformed: 0,
      unexpected: 0,
    },
  }
}
