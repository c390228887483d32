/**
 * The delegation tree of a device log, grown top down from the first device: whether a device stands
 * depends on its ancestors only, and all of an ancestor's entries are read before any of its
 * descendants'. So the tree is the same for the same set of entries, in whatever order they came
 * (LOG-3 … LOG-6).
 */

import type { ErrorCode } from '../errors.ts'
import type { DeviceId, EntryId } from '../ids.ts'
import type { ChainEntry } from './log-check.ts'
import type { AddBody, DeviceRights, ReadmitBody, SuspendBody } from './log-entry.ts'
import type { Period } from './log-period.ts'

/**
 * How far below the first device a place may lie (LOG-12). People link from the devices at hand; the
 * limit keeps a hostile device from growing a tree whose every place is costly to look at.
 */
const MAX_DEPTH = 32

/** A device's place in the tree. A device is its add, not its key: one key may have several places. */
export interface Place {
  /** The entry that made it: an add, a genesis or a recovery; for a kept device its place's id. */
  readonly id: EntryId
  readonly device: DeviceId
  readonly rights: DeviceRights
  readonly addedAt: number
  readonly historyAt: number
  readonly expiresAt: number | undefined
  /** Its ancestors, the first device first. */
  readonly ancestors: readonly Place[]
}

/** Two entries of one device with one predecessor (LOG-6). */
export interface Fork {
  readonly place: Place
  readonly prev: EntryId
  readonly one: ChainEntry
  readonly other: ChainEntry
}

/** An entry at its place in its author's chain. */
export interface PlacedEntry {
  readonly entry: ChainEntry
  readonly author: Place
  /** 1 for the first entry of a device. */
  readonly position: number
}

/** A revoke, and who wrote it. */
export interface Revocation {
  readonly id: EntryId
  readonly author: Place
  readonly at: number
}

/** A suspend or a leave, and who wrote it. */
export interface Accusation {
  readonly id: EntryId
  readonly author: Place
  readonly target: EntryId
  readonly reason: SuspendBody['reason'] | 'left'
  readonly at: number
}

/** A readmit, and who wrote it. */
export interface Readmission {
  readonly id: EntryId
  readonly author: Place
  readonly body: ReadmitBody
}

/** What walking the entries yields. */
export interface LogTree {
  readonly first: Place
  /** Places that neither themselves nor through an ancestor are revoked; ancestors first. */
  readonly standing: Place[]
  /** Places revoked by an ancestor. What lies below them is not in the tree at all (LOG-5). */
  readonly revoked: Place[]
  /** Genuine entries of standing places, in the order of the walk. */
  readonly placed: PlacedEntry[]
  /** The entries that decide who stands, and of each fork the two that prove it (LOG-9). */
  readonly decisive: Set<EntryId>
  /** Why others do not count. */
  readonly faults: Map<EntryId, ErrorCode>
  readonly forks: Fork[]
  readonly revocationsByTarget: Map<EntryId, Revocation[]>
  readonly accusations: Accusation[]
  readonly readmissions: Readmission[]
}

/** Where the walk looks for entries. */
export interface EntrySource {
  /** The genuine entries of a device that name `prev` as their predecessor, ordered by id. */
  following(prev: EntryId, author: DeviceId): readonly ChainEntry[]
}

/** Grows the tree of a period. */
export function growTree({ first, kept, decisive }: Period, source: EntrySource): LogTree {
  const tree: LogTree = {
    first,
    standing: [],
    revoked: [],
    placed: [],
    decisive: new Set(decisive),
    faults: new Map(),
    forks: [],
    revocationsByTarget: new Map(),
    accusations: [],
    readmissions: [],
  }
  const queue = [first]
  for (const place of queue) {
    if (isRevoked(tree, place)) {
      tree.revoked.push(place)
    } else {
      tree.standing.push(place)
      const keptHere = place === first ? kept : []
      queue.push(...keptHere, ...readChain(tree, place, source))
    }
  }
  countRevocations(tree)
  return tree
}

/** LOG-5: by an ancestor, wherever in its chain. */
function isRevoked(tree: LogTree, place: Place): boolean {
  const revocations = tree.revocationsByTarget.get(place.id) ?? []
  return revocations.some(({ author }) => place.ancestors.includes(author))
}

/** Reads all a standing device wrote, and returns the places of the devices it took in, in order. */
function readChain(tree: LogTree, place: Place, source: EntrySource): readonly Place[] {
  const children: Place[] = []
  const branches = [{ at: place.id, position: 1, forked: false }]
  for (let branch = branches.pop(); branch !== undefined; branch = branches.pop()) {
    const { at, position } = branch
    const next = source.following(at, place.device)
    const forked = branch.forked || next.length > 1
    noteFork(tree, { place, prev: at }, next)
    for (const entry of next) {
      tree.placed.push({ entry, author: place, position })
      const child = readEntryOf(tree, { place, entry, forked })
      if (child !== undefined) children.push(child)
      branches.push({ at: entry.id, position: position + 1, forked })
    }
  }
  return children
}

function noteFork(
  tree: LogTree,
  where: Pick<Fork, 'place' | 'prev'>,
  [one, other]: readonly ChainEntry[],
): void {
  if (one === undefined || other === undefined) return
  tree.forks.push({ ...where, one, other })
  tree.decisive.add(one.id).add(other.id)
}

interface Reading {
  readonly place: Place
  readonly entry: ChainEntry
  /** Behind a fork, or one of its branches. */
  readonly forked: boolean
}

/** Notes what an entry does, and returns the place it makes, if it makes one. */
function readEntryOf(tree: LogTree, reading: Reading): Place | undefined {
  const { place: author, entry } = reading
  const { body, id } = entry
  switch (body.kind) {
    case 'add': {
      const fault = addFault(reading, body)
      if (fault !== undefined) {
        tree.faults.set(id, fault)
        return undefined
      }
      tree.decisive.add(id)
      return childPlace(author, id, body)
    }
    case 'revoke':
      noteRevocation(tree, body.target, { id, author, at: body.at })
      return undefined
    case 'suspend': {
      const { target, reason, at } = body
      tree.accusations.push({ id, author, target, reason, at })
      return undefined
    }
    case 'leave':
      tree.accusations.push({ id, author, target: author.id, reason: 'left', at: body.at })
      return undefined
    case 'readmit':
      if (reading.forked) tree.faults.set(id, 'ERR_ENTRY_FORK')
      else tree.readmissions.push({ id, author, body })
      return undefined
  }
}

/** LOG-4, and LOG-6 for what lies behind a fork. */
function addFault({ place, forked }: Reading, body: AddBody): ErrorCode | undefined {
  if (forked) return 'ERR_ENTRY_FORK'
  if (!place.rights.link) return 'ERR_ENTRY_RIGHT'
  if (place.ancestors.length >= MAX_DEPTH) return 'ERR_LOG_LIMIT'
  const elders = [place, ...place.ancestors]
  return elders.some(({ device }) => device === body.device) ? 'ERR_ENTRY_CYCLE' : undefined
}

/** LOG-11: nobody outlives whoever took it in, nor is served history sooner. */
function childPlace(parent: Place, id: EntryId, body: AddBody): Place {
  const expiries = [parent.expiresAt, body.expiresAt].filter((expiry) => expiry !== undefined)
  return {
    id,
    device: body.device,
    rights: body.rights,
    addedAt: body.at,
    historyAt: Math.max(parent.historyAt, body.historyAt),
    expiresAt: expiries.length > 0 ? Math.min(...expiries) : undefined,
    ancestors: [...parent.ancestors, parent],
  }
}

function noteRevocation(tree: LogTree, target: EntryId, revocation: Revocation): void {
  const others = tree.revocationsByTarget.get(target)
  if (others === undefined) tree.revocationsByTarget.set(target, [revocation])
  else others.push(revocation)
}

/** A revoke counts when its target descends from its author; only now are all places known. */
function countRevocations(tree: LogTree): void {
  const places = [...tree.standing, ...tree.revoked]
  for (const place of places) {
    for (const { id, author } of tree.revocationsByTarget.get(place.id) ?? []) {
      if (place.ancestors.includes(author)) tree.decisive.add(id)
      else tree.faults.set(id, 'ERR_ENTRY_RIGHT')
    }
  }
}
