/**
 * Entries the walk did not reach: they wait for a predecessor that has not arrived, or can never count.
 * Only those that wait are kept, and never passed on (LOG-10).
 */

import type { ErrorCode } from '../errors.ts'
import type { EntryId } from '../ids.ts'
import type { ReadEntry } from './log-check.ts'
import type { Period } from './log-period.ts'
import type { LogTree } from './log-tree.ts'

/** Honest devices send whole logs, so little ever waits; nothing of what does is verified yet. */
const MAX_WAITING = 256

/** Entries outside the tree. */
export interface Leftover {
  /** Nothing is known of their predecessors. */
  readonly waiting: readonly ReadEntry[]
  /** Why each of the others can never count. */
  readonly faults: ReadonlyMap<EntryId, ErrorCode>
}

/** Tells the entries that the tree does not hold apart. `entries`: all there are. */
export function sortLeftover(
  { period, tree }: { readonly period: Period; readonly tree: LogTree },
  entries: readonly ReadEntry[],
): Leftover {
  const faults = new Map<EntryId, ErrorCode>()
  const placed = new Map(tree.placed.map(({ entry }) => [entry.id, entry]))
  const ofPeriod = new Set(period.entries.map(({ id }) => id))
  const outside = entries.filter(({ id }) => !ofPeriod.has(id) && !placed.has(id))
  const idsByPredecessor = Map.groupBy(outside, predecessorOf)

  const note = (roots: readonly ReadEntry[], faultOf: (entry: ReadEntry) => ErrorCode): void => {
    for (const root of roots) {
      const fault = faultOf(root)
      const behind = [root]
      for (const entry of behind) {
        faults.set(entry.id, fault)
        behind.push(...(idsByPredecessor.get(entry.id) ?? []))
      }
    }
  }

  const revoked = new Set(tree.revoked.map(({ id }) => id))
  for (const entry of placed.values()) {
    note(idsByPredecessor.get(entry.id) ?? [], ({ body }) => {
      const isOfAdded =
        entry.body.kind === 'add' && 'author' in body && body.author === entry.body.device
      if (!isOfAdded) return 'ERR_ENTRY_AUTHOR'
      if (revoked.has(entry.id)) return 'ERR_ENTRY_REVOKED'
      return tree.faults.get(entry.id) ?? 'ERR_ENTRY_AUTHOR'
    })
  }
  for (const { id } of [tree.first, ...period.kept]) {
    note(idsByPredecessor.get(id) ?? [], () =>
      revoked.has(id) ? 'ERR_ENTRY_REVOKED' : 'ERR_ENTRY_AUTHOR',
    )
  }
  for (const id of period.overPlaces) {
    note(idsByPredecessor.get(id) ?? [], () => 'ERR_ENTRY_PERIOD')
  }
  const waiting = outside.filter(({ id }) => !faults.has(id)).slice(0, MAX_WAITING)
  return { waiting, faults }
}

function predecessorOf({ body }: ReadEntry): EntryId | undefined {
  return body.kind === 'genesis' ? undefined : body.prev
}
