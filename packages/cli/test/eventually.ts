import { expect } from 'vitest'

/** Far beyond what anything here takes, also on a machine that does much else. */
const DEADLINE = { timeout: 20_000, interval: 10 }

/** Asks again until the answer is the expected one. */
export function eventually<T>(ask: () => T): ReturnType<typeof expect.poll<T>> {
  return expect.poll(ask, DEADLINE)
}
