/**
 * Entries the walk did not reach: they wait for a predecessor that has not arrived, or can never count.
 * Only those that wait are kept (LOG-5, LOG-12).
 */

import type { ErrorCode } from '../errors.ts'
import type { EntryId } from '../ids.ts'
import type { ReadEntry } from './log-check.ts'
import type { LogTree, PlacedEntry } from './log-tree.ts'

/** Why each of the entries that the tree does not hold can never count; those that wait are left out. */
export function leftoverFaults(
  tree: LogTree,
  entries: readonly ReadEntry[],
): ReadonlyMap<EntryId, ErrorCode> {
  const placed = new Map(tree.placed.map((placedEntry) => [placedEntry.entry.id, placedEntry]))
  const revoked = new Set(tree.revoked.map(({ id }) => id))
  const leftover = new Map(
    entries
      .filter(({ id }) => id !== tree.first.id && !placed.has(id))
      .map((entry) => [entry.id, entry]),
  )
  const faults = new Map<EntryId, ErrorCode | undefined>()

  const faultOf = (entry: ReadEntry): ErrorCode | undefined => {
    const { id, body } = entry
    if (body.kind === 'genesis') return 'ERR_LOG_GENESIS'
    if (faults.has(id)) return faults.get(id)
    const predecessor = leftover.get(body.prev)
    const fault =
      predecessor === undefined ? faultAtPlace(entry, placed.get(body.prev)) : faultOf(predecessor)
    faults.set(id, fault)
    return fault
  }

  /** An entry whose predecessor is in the tree, though it is not; or whose predecessor is missing. */
  const faultAtPlace = (
    { body }: ReadEntry,
    prev: PlacedEntry | undefined,
  ): ErrorCode | undefined => {
    if (body.kind === 'genesis') return 'ERR_LOG_GENESIS'
    if (prev === undefined) return body.prev === tree.first.id ? 'ERR_ENTRY_AUTHOR' : undefined
    const added = prev.entry.body.kind === 'add' ? prev.entry.body.device : undefined
    if (body.author !== added) return 'ERR_ENTRY_AUTHOR'
    if (revoked.has(prev.entry.id)) return 'ERR_ENTRY_REVOKED'
    return tree.faults.get(prev.entry.id) ?? 'ERR_ENTRY_AUTHOR'
  }

  const never = new Map<EntryId, ErrorCode>()
  for (const entry of leftover.values()) {
    const fault = faultOf(entry)
    if (fault !== undefined) never.set(entry.id, fault)
  }
  return never
}
