/** How long a log may grow, and what goes when it grows longer (LOG-12). */

import type { EntryId } from '../ids.ts'
import type { GenesisEntry, ReadEntry } from './log-check.ts'
import { MAX_LOG_BYTES, MAX_LOG_ENTRIES, type SignedEntry } from './log-entry.ts'
import type { LogTree, PlacedEntry } from './log-tree.ts'

/**
 * The entries of the tree that have no room. What decides the state has room before what does not, then
 * elders before their descendants: a hostile device cannot fill the log against its own revocation.
 */
export function entriesBeyondLimits(genesis: GenesisEntry, tree: LogTree): readonly EntryId[] {
  let [count, size] = [0, 0]
  const beyond = byWeight(genesis, tree).filter(({ signed }) => {
    count += 1
    size += encodedSize(signed)
    return count > MAX_LOG_ENTRIES || size > MAX_LOG_BYTES
  })
  return beyond.map(({ id }) => id)
}

function byWeight(genesis: GenesisEntry, tree: LogTree): readonly ReadEntry[] {
  const weightless = ({ entry }: PlacedEntry): number => (tree.decisive.has(entry.id) ? 0 : 1)
  const placed = tree.placed.toSorted(
    (a, b) =>
      weightless(a) - weightless(b) ||
      a.author.ancestors.length - b.author.ancestors.length ||
      a.position - b.position ||
      (a.entry.id < b.entry.id ? -1 : 1),
  )
  return [genesis, ...placed.map(({ entry }) => entry)]
}

/** A little above the size of an entry in the encoded log. */
function encodedSize({ body, signature, countersignature }: SignedEntry): number {
  return body.length + signature.length + (countersignature?.length ?? 0) + CBOR_HEADS_BYTES
}

/** Heads of an entry's array and of its three byte strings; the room left covers the head of the list. */
const CBOR_HEADS_BYTES = 12
