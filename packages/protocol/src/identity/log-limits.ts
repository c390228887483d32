/** How long a log may grow, and what goes when it grows longer (LOG-12). */

import type { EntryId } from '../ids.ts'
import { MAX_LOG_BYTES, MAX_LOG_ENTRIES, type SignedEntry } from './log-entry.ts'
import type { Period } from './log-period.ts'
import type { LogTree, Place, PlacedEntry } from './log-tree.ts'

/** Places with room of their own: three times the devices that can be in at once. */
const RESERVED_PLACES = 24
/** The room of each, in bytes: more than a hundred entries. Together three quarters of a log. */
const RESERVED_BYTES: number = 1 << 15

/**
 * The entries of the tree that have no room. What the first device wrote has room before all else; then
 * each of the first 24 places that wrote has room of its own, taken from the subtrees in turn; the rest is given
 * elders first. So nobody can crowd out its own revocation, nor what others say against it.
 */
export function entriesBeyondLimits(period: Period, tree: LogTree): readonly EntryId[] {
  const entries = new Set([...period.entries, ...tree.placed.map(({ entry }) => entry)])
  if (endOfRoom([...entries]) === entries.size) return []
  const ordered = [...new Set([...period.entries, ...byRoom(tree).map(({ entry }) => entry)])]
  const lost = ordered.slice(endOfRoom(ordered)).map(({ id }) => id)
  return [...lost, ...rivalsOf(tree, new Set(lost))]
}

/** How many of the entries, from the first on, fit into a log. */
function endOfRoom(entries: readonly { readonly signed: SignedEntry }[]): number {
  let size = 0
  const tooMany = entries.findIndex(({ signed }, at) => {
    size += encodedSize(signed)
    return at >= MAX_LOG_ENTRIES || size > MAX_LOG_BYTES
  })
  return tooMany < 0 ? entries.length : tooMany
}

/** Two entries of a fork go together: alone, each would look like an honest one. */
function rivalsOf({ forks }: LogTree, lost: ReadonlySet<EntryId>): readonly EntryId[] {
  return forks
    .filter(({ one, other }) => lost.has(one.id) !== lost.has(other.id))
    .flatMap(({ one, other }) => [one.id, other.id])
    .filter((id) => !lost.has(id))
}

/** First what has room of its own, an entry of each place in turn; within a chain, in its order. */
function byRoom(tree: LogTree): readonly PlacedEntry[] {
  const reserved = reservedEntries(tree)
  const tier = (placed: PlacedEntry): number => {
    if (placed.author === tree.first) return 0
    return reserved.has(placed) ? 1 : 2
  }
  return tree.placed.toSorted(
    (a, b) =>
      tier(a) - tier(b) ||
      (tier(a) === 2 ? a.author.ancestors.length - b.author.ancestors.length : 0) ||
      inChain(a, b),
  )
}

/** What stands in one position stays in the order of the walk, which is the same for the same entries. */
function inChain(a: PlacedEntry, b: PlacedEntry): number {
  return a.position - b.position
}

function reservedEntries(tree: LogTree): ReadonlySet<PlacedEntry> {
  const entriesByAuthor = Map.groupBy(tree.placed, ({ author }) => author)
  const writers = inTurn(tree).filter((place) => entriesByAuthor.has(place))
  const places = writers.slice(0, RESERVED_PLACES)
  return new Set(
    places.flatMap((place) => {
      let size = 0
      return (entriesByAuthor.get(place) ?? []).toSorted(inChain).filter(({ entry }) => {
        size += encodedSize(entry.signed)
        return size <= RESERVED_BYTES
      })
    }),
  )
}

/**
 * The places below the first device, one of each subtree in turn, at every depth: a device that takes
 * in many takes room from its own subtree only. Devices with an expiry come last: there are many in the
 * life of an account, and they have little to say.
 */
function inTurn({ first, standing }: LogTree): readonly Place[] {
  const childrenByParent = Map.groupBy(standing, ({ ancestors }) => ancestors.at(-1))
  const below = (place: Place): readonly Place[] => {
    const children = childrenByParent.get(place) ?? []
    const lasting = children.filter(({ expiresAt }) => expiresAt === undefined)
    const passing = children.filter(({ expiresAt }) => expiresAt !== undefined)
    return [lasting, passing].flatMap((some) =>
      interleaved(some.map((child) => [child, ...below(child)])),
    )
  }
  return below(first)
}

function interleaved<T>(lists: readonly (readonly T[])[]): readonly T[] {
  const longest = Math.max(0, ...lists.map(({ length }) => length))
  return Array.from({ length: longest }, (_, at) =>
    lists.flatMap((list) => list.slice(at, at + 1)),
  ).flat()
}

/** A little above the size of an entry in the encoded log. */
function encodedSize({ body, signature, countersignature }: SignedEntry): number {
  return body.length + signature.length + (countersignature?.length ?? 0) + CBOR_HEADS_BYTES
}

/** Heads of an entry's array and of its three byte strings; the room left covers the head of the list. */
const CBOR_HEADS_BYTES = 12
