import { mergeUpdates } from 'yjs'
import type { Scheduler } from '../scheduler.ts'

/** Collects local updates on their way to the log (ALOG-6). */
export interface UpdateBatcher {
  add(update: Uint8Array): void
  /** Resolves when everything added so far is written; rejects with what the write failed of. */
  flush(): Promise<void>
  /** Stops the timer. What was not flushed is not written. */
  close(): void
}

/** How {@link createUpdateBatcher} is asked. */
export interface UpdateBatcherOptions {
  readonly scheduler: Scheduler
  /** Resolves when durable. Called with one call under way at most. */
  readonly write: (updates: readonly Uint8Array[]) => Promise<void>
  /**
   * Called when a write failed; it is tried again after {@link RETRY_MS}, nothing is lost
   * meanwhile.
   */
  readonly onFailure?: (error: unknown) => void
  /** Default {@link BATCH_MS}. */
  readonly windowMs?: number
}

/**
 * How long updates are collected after one went out. Sealing and signing each one costs 40 × at
 * load; less than this nobody sees, and the first update after a pause does not wait at all.
 */
export const BATCH_MS = 20
/** Pause after a failed write: the host closes and reopens its database meanwhile. */
export const RETRY_MS = 1_000
/**
 * Updates merged into one: Yjs takes quadratic time in their number, so many are merged in
 * groups.
 */
const MERGE_GROUP = 256

/** The first update goes at once; those that follow within the window go together. */
export function createUpdateBatcher(options: UpdateBatcherOptions): UpdateBatcher {
  const { scheduler, write, onFailure, windowMs = BATCH_MS } = options
  let collected: Uint8Array[] = []
  let writing: Promise<void> | undefined
  let cancel: (() => void) | undefined

  const wait = (ms: number): void => {
    cancel?.()
    cancel = scheduler.schedule(ms, () => {
      cancel = undefined
      void writeCollected().catch(() => undefined)
    })
  }
  const writeCollected = (): Promise<void> => {
    if (writing !== undefined) return writing
    if (collected.length === 0) return Promise.resolve()
    const updates = collected
    collected = []
    wait(windowMs)
    writing = write(merged(updates)).then(
      () => {
        writing = undefined
        // The window may have ended during the write; what came meanwhile must not wait for the
        // next edit.
        if (cancel === undefined && collected.length > 0) wait(0)
      },
      (error: unknown) => {
        writing = undefined
        collected = [...updates, ...collected]
        wait(RETRY_MS)
        onFailure?.(error)
        throw error
      },
    )
    return writing
  }
  return {
    add: (update) => {
      collected.push(update)
      if (cancel === undefined && writing === undefined)
        void writeCollected().catch(() => undefined)
    },
    flush: async () => {
      await writing
      while (collected.length > 0) await writeCollected()
    },
    close: () => cancel?.(),
  }
}

/** Own updates in a row: contiguous clocks of one client, which merge into one run of structs. */
function merged(updates: readonly Uint8Array[]): readonly Uint8Array[] {
  const groups: Uint8Array[] = []
  for (let at = 0; at < updates.length; at += MERGE_GROUP) {
    groups.push(mergeUpdates(updates.slice(at, at + MERGE_GROUP)))
  }
  return groups
}
