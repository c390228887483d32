/** Commits in the order they were called, those that wait together in one write (STO-5). */

import { KithError } from '@kithmesh/protocol'
import type { Op } from './store-types.ts'

/** Hands commits to one writer. */
export interface CommitQueue {
  /** Resolves when the write that holds these changes is done; rejects as that write does. */
  add(ops: readonly Op[], options: { readonly signal?: AbortSignal | undefined }): Promise<void>
  /** Refuses further commits; resolves when those under way are done. */
  close(): Promise<void>
}

/** Most commits in one write: beyond it the gain per commit is small and the wait is not (facts.md, storage). */
export const MAX_GROUP = 64

interface Waiting {
  readonly ops: readonly Op[]
  readonly settle: PromiseWithResolvers<void>
  readonly signal: AbortSignal | undefined
}

/** A queue before `write`, which is never called while an earlier call is under way. */
export function createCommitQueue(
  write: (commits: readonly (readonly Op[])[]) => Promise<void>,
): CommitQueue {
  const waiting: Waiting[] = []
  let running: Promise<void> | undefined
  let closed = false

  const run = async (): Promise<void> => {
    // One turn later, so that commits made in the same turn go together.
    await undefined
    while (waiting.length > 0) {
      const failed = await writeGroup(takeGroup(waiting), write)
      // Those that wait were called in the belief that the failed ones would be there (STO-8).
      if (failed !== undefined) rejectAll(waiting.splice(0), failed.error)
    }
    running = undefined
  }

  return {
    add: (ops, { signal }) => {
      if (closed) return Promise.reject(new KithError('ERR_STORE_CLOSED', 'the store is closed'))
      const settle = Promise.withResolvers<void>()
      waiting.push({ ops, settle, signal })
      running ??= run()
      return settle.promise
    },
    close: async () => {
      closed = true
      await running
    },
  }
}

/** Takes the next commits, leaving out those nobody waits for any more. */
function takeGroup(waiting: Waiting[]): readonly Waiting[] {
  const group: Waiting[] = []
  while (group.length < MAX_GROUP) {
    const next = waiting.shift()
    if (next === undefined) break
    if (next.signal?.aborted) next.settle.reject(next.signal.reason)
    else group.push(next)
  }
  return group
}

async function writeGroup(
  group: readonly Waiting[],
  write: (commits: readonly (readonly Op[])[]) => Promise<void>,
): Promise<{ readonly error: unknown } | undefined> {
  if (group.length === 0) return undefined
  try {
    await write(group.map(({ ops }) => ops))
  } catch (error) {
    rejectAll(group, error)
    return { error }
  }
  for (const { settle } of group) settle.resolve()
  return undefined
}

function rejectAll(waiting: readonly Waiting[], error: unknown): void {
  for (const { settle } of waiting) settle.reject(error)
}
