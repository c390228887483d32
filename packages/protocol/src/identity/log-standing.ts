/**
 * Who of the tree is in: those nobody suspended, up to the limit, elders first (LOG-7, LOG-8). Suspend,
 * leave and readmit come in here as further sources of suspensions and answers.
 */

import type { DeviceId, EntryId } from '../ids.ts'
import type { DeviceRights } from './log-entry.ts'
import type { LogTree, Place } from './log-tree.ts'

/** Devices of an account that can be in at once (protocol.md §2, rule 7). */
export const MAX_DEVICES_IN = 8

/** One device of an account, at its best place in the tree. */
export interface DeviceStanding {
  readonly device: DeviceId
  /** The add that took it in; for the first device the genesis. */
  readonly addedBy: EntryId
  readonly rights: DeviceRights
  /** By the clock of the device that took it in, ms since 1970 UTC. */
  readonly addedAt: number
  /** Message history is served to it from then on, ms since 1970 UTC. */
  readonly historyAt: number
  readonly expiresAt?: number
  /**
   * `in`: one of the account's devices. `held`: would be, but the account has its 8. `suspended`: out
   * until answered. `revoked`: out for good, as are all devices it took in.
   */
  readonly state: 'in' | 'held' | 'suspended' | 'revoked'
  /** 0 for the first device, 1 for those it took in, … */
  readonly depth: number
  /** What its next entry must name as predecessor. */
  readonly lastEntry: EntryId
}

/** Every device of the tree, once each, those that are in first and in order of rank. */
export function standingsOf(
  tree: LogTree,
  lastEntryOf: (place: Place) => EntryId,
): ReadonlyMap<DeviceId, DeviceStanding> {
  const suspended = suspendedPlaces(tree)
  const ranked = byRank(tree.standing.filter((place) => !suspended.has(place)))
  const placesByState = [
    ['in', ranked.slice(0, MAX_DEVICES_IN)],
    ['held', ranked.slice(MAX_DEVICES_IN)],
    ['suspended', tree.standing.filter((place) => suspended.has(place))],
    ['revoked', tree.revoked],
  ] as const
  const standings = new Map<DeviceId, DeviceStanding>()
  for (const [state, places] of placesByState) {
    for (const place of places) {
      if (standings.has(place.device)) continue
      const lastEntry = state === 'revoked' ? place.id : lastEntryOf(place)
      standings.set(place.device, standingOf(place, state, lastEntry))
    }
  }
  return standings
}

function standingOf(
  place: Place,
  state: DeviceStanding['state'],
  lastEntry: EntryId,
): DeviceStanding {
  const { id, device, rights, addedAt, historyAt, expiresAt, ancestors } = place
  const standing = { device, addedBy: id, rights, addedAt, historyAt, state, lastEntry }
  const depth = ancestors.length
  return expiresAt === undefined ? { ...standing, depth } : { ...standing, depth, expiresAt }
}

/** The places that are suspended themselves or through an ancestor. */
function suspendedPlaces(tree: LogTree): ReadonlySet<Place> {
  const accused = new Set(
    suspensions(tree)
      .filter(({ place, author }) => mayBeSuspended(tree, place, author))
      .map(({ place }) => place),
  )
  const covered = tree.standing.filter(
    (place) => accused.has(place) || place.ancestors.some((ancestor) => accused.has(ancestor)),
  )
  return new Set(covered)
}

interface Suspension {
  readonly place: Place
  readonly author: Place
}

/** LOG-7: whoever revokes a place also suspends the other places of its key. */
function suspensions(tree: LogTree): readonly Suspension[] {
  return tree.revoked.flatMap((gone) => {
    const others = tree.standing.filter(({ device }) => device === gone.device)
    const authors = (tree.revocationsByTarget.get(gone.id) ?? [])
      .map(({ author }) => author)
      .filter((author) => gone.ancestors.includes(author))
    return others.flatMap((place) => authors.map((author) => ({ place, author })))
  })
}

/** Never the first device, nor a key above the author: those could undo it by revoking the author. */
function mayBeSuspended({ first }: LogTree, place: Place, author: Place): boolean {
  return place !== first && !author.ancestors.some(({ device }) => device === place.device)
}

/**
 * Generation by generation; in each, every parent's n-th child before any parent's next one, in order of
 * their parents. So a device that takes in many displaces none of its elders and no more than its share
 * of its cousins (LOG-8).
 */
function byRank(places: readonly Place[]): readonly Place[] {
  const ranks = new Map<Place | undefined, number>()
  const ranked: Place[] = []
  for (const generation of generations(places)) {
    const nth = nthChildOf(generation)
    const order = (place: Place): readonly [number, number] => [
      nth.get(place) ?? 0,
      ranks.get(place.ancestors.at(-1)) ?? 0,
    ]
    const sorted = generation.toSorted((a, b) => {
      const [nthA, parentA] = order(a)
      const [nthB, parentB] = order(b)
      return nthA - nthB || parentA - parentB
    })
    for (const place of sorted) ranks.set(place, ranked.push(place))
  }
  return ranked
}

/** The places of depth 0, of depth 1, …: `places` has ancestors first. */
function generations(places: readonly Place[]): readonly (readonly Place[])[] {
  const byDepth: Place[][] = []
  for (const place of places) {
    const generation = byDepth[place.ancestors.length]
    if (generation === undefined) byDepth[place.ancestors.length] = [place]
    else generation.push(place)
  }
  return byDepth
}

/** Whether a place is its parent's first, second, … child here; children stand in order of their adds. */
function nthChildOf(generation: readonly Place[]): ReadonlyMap<Place, number> {
  const countByParent = new Map<Place | undefined, number>()
  const nth = new Map<Place, number>()
  for (const place of generation) {
    const parent = place.ancestors.at(-1)
    const n = (countByParent.get(parent) ?? 0) + 1
    countByParent.set(parent, n)
    nth.set(place, n)
  }
  return nth
}
