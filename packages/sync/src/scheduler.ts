/**
 * A seam to timers: the batching window and the stall limit wait through it, so that a test moves
 * the time by hand and sleeps for nothing.
 */
export interface Scheduler {
  /** Runs `run` once, `ms` from now. The result cancels it; cancelling twice does no harm. */
  schedule(ms: number, run: () => void): () => void
}
