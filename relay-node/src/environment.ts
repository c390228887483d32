/** The time, injected so that tests decide it; the shape `@kithmesh/net` declares. */
export interface Clock {
  /** ms since 1970 UTC; may jump. */
  now(): number
  /** ms that only ever grow. */
  monotonic(): number
}

/** Randomness; the shape `@kithmesh/net` declares. */
export interface Rng {
  bytes(length: number): Uint8Array
}

/** The clock of the machine: only composition roots take it. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
}

/** The randomness of the machine: only composition roots take it. */
export const systemRng: Rng = {
  bytes: (length) => crypto.getRandomValues(new Uint8Array(length)),
}
