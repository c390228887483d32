import { RelayError } from './errors.ts'

/** What one relay gives away at most; every figure can be set by its operator (rule RLY-7). */
export interface RelayLimits {
  /** Devices that may hold a reservation at once; one per device. */
  readonly maxReservations: number
  /** Of these, how many may come from one network address (IPv4 address or IPv6 /64). */
  readonly maxReservationsPerAddress: number
  /** Devices of one account that may hold a reservation, where the relay knows accounts. */
  readonly maxReservationsPerAccount: number
  /** Circuits open at once, spliced roads included, as in all that follow. */
  readonly maxCircuits: number
  /** Of these, how many one device may have dialled, and how many may end at one device. */
  readonly maxCircuitsPerPeer: number
  /** Of these, how many may begin or end at devices of one account, where the relay knows accounts. */
  readonly maxCircuitsPerAccount: number
  /** Of these, how many may have been dialled from one network address. */
  readonly maxCircuitsPerAddress: number
  /** Connections one network address may have open, those in their handshake included. */
  readonly maxConnectionsPerAddress: number
  /** Connections that may be in their handshake at once (rule RLY-60). */
  readonly maxPending: number
  /** Of these, how many of one network address. */
  readonly maxPendingPerAddress: number
  /** Requests (reservations and circuits) one network address may make in a second. */
  readonly maxRequestsPerSecond: number
  /** Bytes per second forwarded over all circuits; 0 is no limit. */
  readonly maxRate: number
  /** Bytes forwarded in a calendar month (UTC), counted over restarts; 0 is no limit. */
  readonly maxMonthly: number
}

/**
 * Enough for a household or two and their friends, small enough that all circuits stalled at once
 * (≤2.5 MiB each) fit a small server. Several devices of one household share an address.
 */
export const DEFAULT_LIMITS: RelayLimits = {
  maxReservations: 256,
  maxReservationsPerAddress: 32,
  maxReservationsPerAccount: 64,
  maxCircuits: 512,
  maxCircuitsPerPeer: 64,
  maxCircuitsPerAccount: 256,
  maxCircuitsPerAddress: 128,
  maxConnectionsPerAddress: 128,
  maxPending: 256,
  maxPendingPerAddress: 32,
  maxRequestsPerSecond: 20,
  maxRate: 0,
  maxMonthly: 0,
}

/** The greatest figure a limit takes: above it arithmetic is no longer exact. */
const MAX_LIMIT = 2 ** 40

/** Limits from what was given, the rest by default. @throws ERR_LIMITS */
export function parseLimits(given: Readonly<Record<string, unknown>>): RelayLimits {
  const limits = { ...DEFAULT_LIMITS }
  for (const [name, value] of Object.entries(given)) {
    if (!isLimitName(name)) {
      throw new RelayError('ERR_LIMITS', `There is no limit named ${JSON.stringify(name)}`, {
        hint: `Known limits: ${Object.keys(DEFAULT_LIMITS).join(', ')}`,
      })
    }
    limits[name] = parseLimit(name, value)
  }
  return limits
}

function parseLimit(name: keyof RelayLimits, value: unknown): number {
  const least = name === 'maxRate' || name === 'maxMonthly' ? 0 : 1
  const fits = typeof value === 'number' && Number.isInteger(value)
  if (fits && value >= least && value <= MAX_LIMIT) return value
  throw new RelayError('ERR_LIMITS', `${name} is a whole number of at least ${least}`, {
    hint: `Got ${JSON.stringify(value)}`,
  })
}

function isLimitName(name: string): name is keyof RelayLimits {
  return Object.hasOwn(DEFAULT_LIMITS, name)
}
