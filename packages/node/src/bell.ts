/** Wakes the one who waits; a ring while nobody waits is kept for the next wait. */
export interface Bell {
  ring(): void
  /** Resolves at the next ring, at once when one was kept. */
  heard(): Promise<void>
}

export function createBell(): Bell {
  let rung = Promise.withResolvers<void>()
  return {
    ring: () => rung.resolve(),
    heard: async () => {
      await rung.promise
      rung = Promise.withResolvers<void>()
    },
  }
}
