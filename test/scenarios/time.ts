import type { Clock, NodeOptions } from '@kithmesh/node'

type Scheduler = NonNullable<NodeOptions['scheduler']>

/** Time that passes as it does, and leaps when a test says so: nobody waits a day for a day to pass. */
export interface Time {
  readonly clock: Clock
  readonly scheduler: Scheduler
  /** Lets `ms` pass now; what was due within them runs, in its order. */
  leap(ms: number): void
}

interface Timer {
  readonly due: number
  readonly run: () => void
  readonly handle: ReturnType<typeof setTimeout>
}

/** Time that begins now. */
export function createTime(): Time {
  const timers = new Set<Timer>()
  let leapt = 0
  const monotonic = (): number => performance.now() + leapt

  function schedule(ms: number, run: () => void): () => void {
    const fire = (): void => {
      timers.delete(timer)
      run()
    }
    // setTimeout counts in 31 bits; whoever waits longer waits for a leap.
    const handle = setTimeout(fire, Math.min(ms, 2 ** 31 - 1))
    handle.unref()
    const timer: Timer = { due: monotonic() + ms, run: fire, handle }
    timers.add(timer)
    return () => {
      clearTimeout(handle)
      timers.delete(timer)
    }
  }

  function leap(ms: number): void {
    leapt += ms
    for (;;) {
      const [next] = [...timers]
        .filter(({ due }) => due <= monotonic())
        .sort((a, b) => a.due - b.due)
      if (!next) return
      clearTimeout(next.handle)
      next.run()
    }
  }

  return { clock: { now: () => Date.now() + leapt, monotonic }, scheduler: { schedule }, leap }
}
