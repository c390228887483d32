import type { Clock } from '@kithmesh/net'

/** A clock that stands until told. */
export interface TestClock extends Clock {
  advance(ms: number): void
}

/** Stands at 2026-01-01. */
export function createTestClock(): TestClock {
  let passed = 0
  return {
    now: () => Date.UTC(2026, 0, 1) + passed,
    monotonic: () => passed,
    advance(ms) {
      passed += ms
    },
  }
}
