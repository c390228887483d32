import { PerformanceObserver } from 'node:perf_hooks'

/** Watches the garbage collector of this process: its pauses are most of what p99 shows. */
export function watchPauses(): () => number {
  let longest = 0
  new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) longest = Math.max(longest, duration)
  }).observe({ entryTypes: ['gc'] })
  return () => {
    const seen = longest
    longest = 0
    return seen
  }
}
