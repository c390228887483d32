import type { Clock, Rng } from '@kithmesh/net'

/** The clock of the machine: only composition roots take it. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
}

/** The randomness of the machine: only composition roots take it. */
export const systemRng: Rng = {
  bytes: (length) => crypto.getRandomValues(new Uint8Array(length)),
}
