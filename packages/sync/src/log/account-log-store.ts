import type { RangeSet } from '../range-set.ts'
import type { LaneId, LaneSpan } from './lane.ts'
import type { LogRecord } from './record.ts'

/** What a store holds of one lane. */
export interface StoredLane extends LaneId {
  /** Records that are there. */
  readonly stored: RangeSet
  /**
   * Records that need not be there: a snapshot holds what they said, or they were given up
   * (ALOG-8).
   */
  readonly covered: RangeSet
}

/**
 * One atomic change of a store. `Alongside`: the host's own operations, committed with it or not
 * at all.
 */
export interface LogChange<Alongside = never> {
  readonly records?: readonly LogRecord[]
  /** Places from now on covered. */
  readonly cover?: readonly LaneSpan[]
  /** Records to delete; their places stay covered where they were. */
  readonly drop?: readonly LaneSpan[]
  readonly alongside?: readonly Alongside[]
}

/**
 * Where the account log is kept. A host writes it on its own database, so that a record and what
 * it belongs to (a message, a session) become durable together. `checkAccountLogStore` tells
 * whether it is right.
 */
export interface AccountLogStore<Alongside = never> {
  /** Every lane of which something is stored or covered. */
  lanes(options?: { readonly signal?: AbortSignal }): Promise<readonly StoredLane[]>
  /** The stored records of a span, ascending; what is missing is left out. */
  read(span: LaneSpan, options?: { readonly signal?: AbortSignal }): AsyncIterable<LogRecord>
  /**
   * Resolves when all of it is durable; rejects when none of it is. Changes take effect in the
   * order of calls.
   */
  commit(change: LogChange<Alongside>, options?: { readonly signal?: AbortSignal }): Promise<void>
}
