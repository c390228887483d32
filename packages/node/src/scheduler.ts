import type { Scheduler } from '@kithmesh/sync'

export type { Scheduler }

/** The timers of the platform; they do not keep a process alive by themselves. */
export const platformScheduler: Scheduler = {
  schedule: (ms, task) => {
    const timer = setTimeout(task, ms)
    if (typeof timer === 'object') timer.unref()
    return () => clearTimeout(timer)
  },
}

/** A signal that aborts with `reason` after `ms`; `end` frees the timer. */
export function deadline(
  scheduler: Scheduler,
  ms: number,
  { reason }: { readonly reason: () => Error },
): { readonly signal: AbortSignal; end(): void } {
  const controller = new AbortController()
  const cancel = scheduler.schedule(ms, () => controller.abort(reason()))
  return { signal: controller.signal, end: cancel }
}

/** Resolves after `ms`, or as soon as the signal aborts. */
export function pause(
  scheduler: Scheduler,
  ms: number,
  { signal }: { readonly signal: AbortSignal },
): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve()
    const cancel = scheduler.schedule(ms, done)
    signal.addEventListener('abort', done, { once: true })
    function done(): void {
      cancel()
      signal.removeEventListener('abort', done)
      resolve()
    }
  })
}
