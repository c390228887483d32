import { STATUS, type StatusCode } from './hop-message.ts'

/** Why the relay said no, as counted. */
export type RefusalReason =
  | 'reservation_full'
  | 'reservation_address_full'
  | 'circuit_limit'
  | 'no_reservation'
  | 'target_failed'
  | 'reservation_draining'
  | 'circuit_draining'
  | 'over_relay'
  | 'rate'
  | 'malformed'
  | 'unexpected'

/** The status a refusal is told with. */
export const REFUSAL_STATUS: Readonly<Record<RefusalReason, StatusCode>> = {
  reservation_full: STATUS.RESERVATION_REFUSED,
  reservation_address_full: STATUS.RESERVATION_REFUSED,
  circuit_limit: STATUS.RESOURCE_LIMIT_EXCEEDED,
  no_reservation: STATUS.NO_RESERVATION,
  target_failed: STATUS.CONNECTION_FAILED,
  reservation_draining: STATUS.RESERVATION_REFUSED,
  circuit_draining: STATUS.RESOURCE_LIMIT_EXCEEDED,
  over_relay: STATUS.PERMISSION_DENIED,
  rate: STATUS.RESOURCE_LIMIT_EXCEEDED,
  malformed: STATUS.MALFORMED_MESSAGE,
  unexpected: STATUS.UNEXPECTED_MESSAGE,
}

/** Sums since the start. They name nobody (rule RLY-16). */
export interface Counters {
  bytes: number
  reservationsGranted: number
  circuitsOpened: number
  stunAnswered: number
  readonly refusals: Record<RefusalReason, number>
}

/** All at none. */
export function createCounters(): Counters {
  return {
    bytes: 0,
    reservationsGranted: 0,
    circuitsOpened: 0,
    stunAnswered: 0,
    refusals: {
      reservation_full: 0,
      reservation_address_full: 0,
      circuit_limit: 0,
      no_reservation: 0,
      target_failed: 0,
      reservation_draining: 0,
      circuit_draining: 0,
      over_relay: 0,
      rate: 0,
      malformed: 0,
      unexpected: 0,
    },
  }
}
