/**
 * What the protocol needs of the world and never takes by itself: time and randomness. A composition
 * root makes the real ones once and hands them down; tests hand down their own.
 */

/** Reads the time. Two readings, because a wall clock may be moved and a monotonic one may not. */
export interface Clock {
  /** Milliseconds since 1970 UTC, as the device believes. Goes into records, never decides expiry alone. */
  now(): number
  /** Milliseconds since some fixed moment of this process; never goes back (LNK-3). */
  monotonic(): number
}

/** A cryptographically secure source of random bytes. */
export interface Rng {
  /** Fresh random bytes, `length` of them, in an array of their own. */
  bytes(length: number): Uint8Array
}

/** What a pure step may use besides its arguments. */
export interface Environment {
  readonly clock: Clock
  readonly rng: Rng
}
