import type { DeviceContext } from '../context.ts'

/** As long as a sibling that is here needs to hand over what it has, and its word of that to come. */
const WAIT_MS = 2_000
/** Of several siblings each waits so much longer than the one before it. */
const STEP_MS = 1_000
/** What comes meanwhile makes the wait begin anew, since older contents may follow; but no longer than this. */
const MAX_WAIT_MS = 15_000

/** A wait before this device hands over what a sibling wrote (DEL-27). */
export interface Patience {
  /** Begins, or begins anew; `place` among the siblings that are here. */
  begin(place: number): void
  isWaiting(): boolean
  /** There is nothing to wait for any more. */
  lose(): void
  end(): void
}

/** Nothing is waited for; `done` is called behind each wait. */
export function createPatience(
  { scheduler, clock }: Pick<DeviceContext, 'scheduler' | 'clock'>,
  done: () => void,
): Patience {
  let since: number | undefined
  let cancel = (): void => undefined

  function begin(place: number): void {
    since ??= clock.monotonic()
    const left = MAX_WAIT_MS - (clock.monotonic() - since)
    cancel()
    cancel = scheduler.schedule(Math.max(0, Math.min(WAIT_MS + place * STEP_MS, left)), lose)
  }

  function lose(): void {
    if (since === undefined) return
    end()
    done()
  }

  function end(): void {
    cancel()
    since = undefined
  }

  return { begin, isWaiting: () => since !== undefined, lose, end }
}
