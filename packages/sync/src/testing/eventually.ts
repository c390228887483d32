import { vi } from 'vitest'

/** Waits until `check` holds. The limit is for what never comes, not for a machine that has much to do. */
export function eventually<T>(check: () => T | Promise<T>): Promise<T> {
  return vi.waitFor(check, { timeout: 15_000, interval: 20 })
}
