/** Who of the tree is in: those nobody suspended, up to the limit, elders first (LOG-7, LOG-8). */

import type { DeviceId, EntryId } from '../ids.ts'
import type { DeviceRights } from './log-entry.ts'
import type { OpenSuspension, Suspensions } from './log-suspension.ts'
import type { LogTree, Place } from './log-tree.ts'

/** Devices of an account that can be in at once (protocol.md §2, rule 7). */
export const MAX_DEVICES_IN = 8

/** One device of an account, at its best place in the tree. */
export interface DeviceStanding {
  readonly device: DeviceId
  /**
   * Its place: the add that took it in; for the first device the genesis or the recovery; for one that a
   * recovery kept, the id of its kept place.
   */
  readonly addedBy: EntryId
  readonly rights: DeviceRights
  /** By the clock of the device that took it in, ms since 1970 UTC. */
  readonly addedAt: number
  /** Message history is served to it from then on, ms since 1970 UTC; not before its ancestors'. */
  readonly historyAt: number
  /** Its own expiry or the soonest of an ancestor, ms since 1970 UTC (LOG-11). */
  readonly expiresAt?: number
  /**
   * `in`: one of the account's devices. `held`: would be, but the account has its 8. `suspended`: out
   * until answered. `revoked`: out for good, as are all devices it took in.
   */
  readonly state: 'in' | 'held' | 'suspended' | 'revoked'
  /** 0 for the first device, 1 for those it took in, … */
  readonly depth: number
  /** The device that took it in; none for the first device. */
  readonly takenInBy?: DeviceId
  /** The devices above it, the first device first. */
  readonly ancestors: readonly DeviceId[]
  /** Their places, in the same order. */
  readonly ancestorPlaces: readonly EntryId[]
  /** What keeps it out itself; empty when it is out only through an ancestor. */
  readonly suspensions: readonly DeviceSuspension[]
  /** What its next entry must name as predecessor. */
  readonly lastEntry: EntryId
}

/** Why a device is suspended. */
export interface DeviceSuspension {
  /** What a readmit must answer. */
  readonly entry: EntryId
  readonly by: DeviceId
  readonly reason: 'lost' | 'idle' | 'left' | 'revoked'
  /** By the clock of `by`, ms since 1970 UTC. */
  readonly at: number
}

/** Every device of the tree, once each, those that are in first and in order of rank. */
export function standingsOf(
  tree: LogTree,
  suspensions: Suspensions,
  lastEntryOf: (place: Place) => EntryId,
): ReadonlyMap<DeviceId, DeviceStanding> {
  const out = outPlaces(tree, suspensions)
  const ranked = byRank(tree.standing.filter((place) => !out.has(place)))
  const placesByState = [
    ['in', ranked.slice(0, MAX_DEVICES_IN)],
    ['held', ranked.slice(MAX_DEVICES_IN)],
    ['suspended', tree.standing.filter((place) => out.has(place))],
    ['revoked', tree.revoked],
  ] as const
  const standings = new Map<DeviceId, DeviceStanding>()
  for (const [state, places] of placesByState) {
    for (const place of places) {
      if (standings.has(place.device)) continue
      const lastEntry = state === 'revoked' ? place.id : lastEntryOf(place)
      const open = suspensions.open.get(place) ?? []
      standings.set(place.device, { ...standingOf(place, open), state, lastEntry })
    }
  }
  return standings
}

function standingOf(
  place: Place,
  open: readonly OpenSuspension[],
): Omit<DeviceStanding, 'state' | 'lastEntry'> {
  const { id, device, rights, addedAt, historyAt, expiresAt, ancestors } = place
  const parent = ancestors.at(-1)
  return {
    device,
    addedBy: id,
    rights,
    addedAt,
    historyAt,
    ...(expiresAt === undefined ? {} : { expiresAt }),
    depth: ancestors.length,
    ...(parent === undefined ? {} : { takenInBy: parent.device }),
    ancestors: ancestors.map((ancestor) => ancestor.device),
    ancestorPlaces: ancestors.map((ancestor) => ancestor.id),
    suspensions: open.map(({ id: entry, author, reason, at }) => ({
      entry,
      by: author.device,
      reason,
      at,
    })),
  }
}

/** The places that are suspended themselves or through an ancestor. */
function outPlaces(tree: LogTree, { open }: Suspensions): ReadonlySet<Place> {
  const covered = tree.standing.filter(
    (place) => open.has(place) || place.ancestors.some((ancestor) => open.has(ancestor)),
  )
  return new Set(covered)
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
