/** Bounds of the local socket; a test may make them smaller. */
export interface LocalLimits {
  readonly requestBytes: number
  readonly answerBytes: number
  readonly requestMs: number
  readonly connections: number
  readonly closeMs: number
  readonly followed: number
}

export const LOCAL_LIMITS: LocalLimits = {
  /** A text of 16 KiB in which JSON escapes every byte in six characters, and room for the rest. */
  requestBytes: 128 * 1024,
  /** A status of 4,096 devices. */
  answerBytes: 4 * 1024 * 1024,
  /** The request of a command that runs here comes at once. */
  requestMs: 5_000,
  /** Commands of one person on one machine, followers included. */
  connections: 64,
  /** What a stopping device waits for commands to take their last line. */
  closeMs: 2_000,
  /** Messages kept for a follower that reads more slowly than they come. */
  followed: 1_000,
}
