/**
 * The period of an account: what its genesis began, or the recovery that wins. A recovery is a new
 * genesis, and what was written before it does not count (LOG-13).
 */

import type { EntryId } from '../ids.ts'
import type { GenesisEntry, ReadEntry, RecoverEntry } from './log-check.ts'
import { keptPlaceId } from './log-entry.ts'
import type { EntryPool } from './log-pool.ts'
import type { Place } from './log-tree.ts'

/** Where the tree of an account begins. */
export interface Period {
  readonly genesis: GenesisEntry
  /** Number of its recovery; 0 for the period of the genesis. */
  readonly number: number
  readonly first: Place
  /** Children of the first device that the recovery keeps and that agreed to be of this account. */
  readonly kept: readonly Place[]
  /** What makes the period: genesis, recovery, and an agreement of each kept device. */
  readonly entries: readonly ReadEntry[]
  /** What of it the head commits to. Of agreements only that there is one: a device can write others. */
  readonly decisive: readonly EntryId[]
  /**
   * Places of periods that are over: nothing that descends from them counts. No agreement is among them:
   * it may be an add of this period whose predecessors have not arrived.
   */
  readonly overPlaces: readonly EntryId[]
}

/** The period that counts. Recoveries that lose are dropped from the pool. */
export function periodOf(pool: EntryPool): Period {
  const genesis = pool.genesis()
  const recoveries = pool.recoveries()
  const winner = recoveries.find(({ id, body }) => body.prev === genesis.id && pool.isGenuine(id))
  const consents = (winner?.body.keep ?? []).map(({ device }) => pool.consentOf(device))
  const entries = new Set([genesis, winner, ...consents].filter((entry) => entry !== undefined))
  const others = recoveries.filter((recovery) => recovery !== winner)
  for (const recovery of others) {
    const isForged = pool.faults.has(recovery.id)
    if (!entries.has(recovery) && !isForged) pool.drop(recovery.id, 'ERR_ENTRY_PERIOD')
  }
  if (winner === undefined) return firstPeriod(genesis)

  const first = firstPlace(winner)
  const kept = keptPlaces(winner, first).filter((_, at) => consents[at] !== undefined)
  return {
    genesis,
    number: winner.body.number,
    first,
    kept,
    entries: [...entries],
    decisive: [genesis.id, winner.id, ...kept.map(({ id }) => id)],
    overPlaces: [genesis.id, ...others.flatMap(placesOf)],
  }
}

function firstPeriod(genesis: GenesisEntry): Period {
  const first = firstPlace(genesis)
  return {
    genesis,
    number: 0,
    first,
    kept: [],
    entries: [genesis],
    decisive: [genesis.id],
    overPlaces: [],
  }
}

function firstPlace({ id, body }: GenesisEntry | RecoverEntry): Place {
  return {
    id,
    device: body.device,
    rights: { link: true },
    addedAt: body.at,
    historyAt: 0,
    expiresAt: undefined,
    ancestors: [],
  }
}

function keptPlaces({ id, body }: RecoverEntry, first: Place): readonly Place[] {
  return body.keep.map(({ device, rights }) => ({
    id: keptPlaceId(id, device),
    device,
    rights,
    addedAt: body.at,
    historyAt: body.at,
    expiresAt: undefined,
    ancestors: [first],
  }))
}

function placesOf({ id, body }: RecoverEntry): readonly EntryId[] {
  return [id, ...body.keep.map(({ device }) => keptPlaceId(id, device))]
}
