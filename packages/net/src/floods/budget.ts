import type { Clock } from '../environment.ts'

/** How often something may be done for each of many keys, refilled by time. */
export interface Budget {
  /** Takes one; false when there is none left. */
  take(key: string): boolean
}

/** What a {@link Budget} allows. */
export interface BudgetLimits {
  /** At once. */
  readonly burst: number
  /** ms until one more. */
  readonly every: number
  /** Keys remembered; further ones get nothing until others are full again. */
  readonly maxKeys: number
}

/** Makes a budget of which nothing is used yet. */
export function createBudget(limits: BudgetLimits, clock: Pick<Clock, 'monotonic'>): Budget {
  const { burst, every, maxKeys } = limits
  /** When each key will have its whole burst again. */
  const fullAt = new Map<string, number>()

  const forgetFull = (now: number): void => {
    for (const [key, at] of fullAt) if (at <= now) fullAt.delete(key)
  }
  return {
    take: (key) => {
      const now = clock.monotonic()
      if (!fullAt.has(key) && fullAt.size >= maxKeys) forgetFull(now)
      if (!fullAt.has(key) && fullAt.size >= maxKeys) return false
      const at = Math.max(fullAt.get(key) ?? now, now) + every
      if (at - now > burst * every) return false
      fullAt.set(key, at)
      return true
    },
  }
}
