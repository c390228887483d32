/** Device logs of the model, reduced by the real reducer. */

import { type DeviceLogState, reduceWith } from '../../src/identity/device-log.ts'
import type { ReadEntry } from '../../src/identity/log-check.ts'
import type { AddBody, ChainBody, EntryBody } from '../../src/identity/log-entry.ts'
import { periodOf } from '../../src/identity/log-period.ts'
import { entryPool } from '../../src/identity/log-pool.ts'
import type { DeviceStanding } from '../../src/identity/log-standing.ts'
import { type Suspensions, suspensionsOf } from '../../src/identity/log-suspension.ts'
import { growTree, type LogTree, type Place } from '../../src/identity/log-tree.ts'
import type { AccountId, DeviceId, EntryId } from '../../src/ids.ts'
import { entryOf, labelFault, readOf } from './model-entry.ts'

/** What an entry of a device says, but for what all have. */
export type Act = DistributiveOmit<ChainBody, 'account' | 'author' | 'prev' | 'at'>
type DistributiveOmit<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never

let written = 0

/** Begins a history: what is written from here on is the same for the same choices. */
export function startWriting(): void {
  written = 0
}

/** An entry signed by its author; no two are the same. */
export function write(
  account: AccountId,
  where: { readonly author: DeviceId; readonly prev: EntryId },
  act: Act,
): ReadEntry {
  written += 1
  const body: EntryBody = { ...act, account, ...where, at: written }
  return entryOf(body, where.author)
}

export const add = (device: DeviceId, more: Partial<AddBody> = {}): Act => ({
  kind: 'add',
  device,
  rights: { link: true },
  historyAt: 0,
  ...more,
})
export const revoke = (target: EntryId): Act => ({ kind: 'revoke', target })
export const suspend = (target: EntryId): Act => ({ kind: 'suspend', target, reason: 'lost' })
export const readmit = (target: EntryId, answers: readonly EntryId[]): Act => ({
  kind: 'readmit',
  target,
  answers,
})

/** The state of entries, all given at once. */
export function reduce(account: AccountId, entries: readonly ReadEntry[]): DeviceLogState {
  const known = { account, genuine: new Map(), faultOf: labelFault }
  return reduceWith(known, { read: entries, signed: [] })
}

/** The state with more entries, as a device merges them: what was refused before is gone. */
export function merge(state: DeviceLogState, entries: readonly ReadEntry[]): DeviceLogState {
  const { account, genuine } = state
  const read = [...genuine.values(), ...state.waiting.map(readOf), ...entries]
  return reduceWith({ account, genuine, faultOf: labelFault }, { read, signed: [] })
}

/** What a state was made of, for those who ask about places and not about keys. */
export interface Look {
  readonly state: DeviceLogState
  readonly tree: LogTree
  readonly suspensions: Suspensions
  /** The last entry of a place. */
  tip(place: Place): EntryId
}

/** A closer look at entries. */
export function lookAt(account: AccountId, entries: readonly ReadEntry[]): Look {
  const known = { account, genuine: new Map(), faultOf: labelFault }
  const pool = entryPool(known, { read: entries, signed: [] })
  const tree = growTree(periodOf(pool), pool)
  const tip = (place: Place): EntryId => {
    let last = place.id
    for (let next = pool.following(last, place.device)[0]; next !== undefined; ) {
      last = next.id
      next = pool.following(last, place.device)[0]
    }
    return last
  }
  return { state: reduce(account, entries), tree, suspensions: suspensionsOf(tree), tip }
}

/** What must be the same for the same entries. */
export function gist(state: DeviceLogState): string {
  return JSON.stringify([
    Buffer.from(state.head).toString('hex'),
    state.period,
    [...state.devices.values()],
    state.forks.map(({ device, prev, one, other }) => [
      device,
      prev,
      readOf(one).id,
      readOf(other).id,
    ]),
  ])
}

/** What equal heads must say alike: all but where each chain ends. */
export function decided({ devices }: DeviceLogState): string {
  return JSON.stringify([...devices.values()].map(({ lastEntry: _, ...rest }) => rest))
}

export const standingsIn = (
  { devices }: DeviceLogState,
  ...states: readonly DeviceStanding['state'][]
): readonly DeviceStanding[] => [...devices.values()].filter(({ state }) => states.includes(state))

export const isIn = (state: DeviceLogState, device: DeviceId): boolean =>
  state.devices.get(device)?.state === 'in'
