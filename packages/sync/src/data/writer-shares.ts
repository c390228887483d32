/**
 * How many writers each device of the account has brought into the document. Yjs never forgets a writer, and all
 * devices together have room for 2^18 (ACC-28): without a share for each, one that is hostile could take all of it,
 * and nobody could write any more, not even after it was removed (ACC-30, proof C2).
 */

/**
 * Writers one device may bring, its own runs and what its snapshots say that nobody else said: a quarter of all, 18
 * runs a day for ten years.
 */
export const MAX_WRITERS_PER_SOURCE: number = 2 ** 16

/** Writers brought, by source. */
export interface WriterShares {
  /** Whether a source may bring so many more. This device's own word always may. */
  hasRoom(source: string | undefined, writers: number): boolean
  add(source: string | undefined, writers: number): void
  /** What every source has brought. */
  counts(): ReadonlyMap<string, number>
  /** Notes what was counted in an earlier run; the larger number stands. */
  restore(counts: ReadonlyMap<string, number>): void
}

/** Nobody has brought anything. */
export function createWriterShares(): WriterShares {
  const counts = new Map<string, number>()
  const of = (source: string): number => counts.get(source) ?? 0
  return {
    hasRoom: (source, writers) =>
      source === undefined || writers === 0 || of(source) + writers <= MAX_WRITERS_PER_SOURCE,
    add: (source, writers) => {
      if (source !== undefined && writers > 0) counts.set(source, of(source) + writers)
    },
    counts: () => counts,
    restore: (known) => {
      for (const [source, count] of known) counts.set(source, Math.max(of(source), count))
    },
  }
}
