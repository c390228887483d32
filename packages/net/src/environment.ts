/** The time, injected so that tests decide it; the shape `@kithmesh/protocol` declares. */
export interface Clock {
  /** ms since 1970 UTC; may jump. */
  now(): number
  /** ms that only ever grow; for deadlines and backoff. */
  monotonic(): number
}

/** Randomness, injected so that a run can be repeated; the shape `@kithmesh/protocol` declares. */
export interface Rng {
  bytes(length: number): Uint8Array
}

/** One line of what happens inside; never holds secrets or bytes of streams. */
export interface NetLogger {
  debug(message: string, detail?: Readonly<Record<string, unknown>>): void
  warn(message: string, detail?: Readonly<Record<string, unknown>>): void
}

/** A logger that says nothing. */
export const silentLogger: NetLogger = { debug: () => {}, warn: () => {} }
