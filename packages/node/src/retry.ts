import type { DeviceContext } from './context.ts'
import { codeOf } from './faults.ts'
import { pause } from './scheduler.ts'

/** Waits before the next attempt: doubles from the first to the last. */
const FIRST_WAIT_MS = 100
const LAST_WAIT_MS = 10_000

/** What is tried again until it succeeds, and how long that is wanted. */
export interface Attempts {
  /** Named in the log when it fails. */
  readonly what: string
  readonly attempt: () => Promise<void>
  readonly wanted: () => boolean
  /** Aborts when things changed: no reason to wait as long as the attempts before deserved. */
  readonly asked: AbortSignal
}

/**
 * Tries until it succeeds, is not wanted any more, is asked for again (another round begins anew) or
 * the device stops. Never rejects.
 */
export async function retry(context: DeviceContext, tried: Attempts): Promise<void> {
  const { scheduler, signal, logger } = context
  for (let wait = FIRST_WAIT_MS; !signal.aborted && tried.wanted(); ) {
    try {
      return await tried.attempt()
    } catch (error) {
      if (signal.aborted) return
      logger.debug(`${tried.what} failed`, { code: codeOf(error) })
    }
    // Never at once, however often it is asked for: who always fails is not tried in a circle.
    await pause(scheduler, FIRST_WAIT_MS, { signal })
    const sooner = AbortSignal.any([signal, tried.asked])
    if (wait > FIRST_WAIT_MS) await pause(scheduler, wait - FIRST_WAIT_MS, { signal: sooner })
    if (tried.asked.aborted) return
    wait = Math.min(wait * 2, LAST_WAIT_MS)
  }
}
