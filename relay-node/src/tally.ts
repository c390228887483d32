/** Counts things by key and forgets keys that are back at none. */
export interface Tally {
  of(key: string): number
  add(key: string): void
  remove(key: string): void
}

/** An empty {@link Tally}. */
export function createTally(): Tally {
  const counts = new Map<string, number>()
  const of = (key: string): number => counts.get(key) ?? 0
  return {
    of,
    add: (key) => void counts.set(key, of(key) + 1),
    remove: (key) => void (of(key) > 1 ? counts.set(key, of(key) - 1) : counts.delete(key)),
  }
}
