/** What a check is given, and what checks share. */

import type { ReadEntry } from '../../../src/identity/log-check.ts'
import type { Place } from '../../../src/identity/log-tree.ts'
import type { DeviceId, EntryId } from '../../../src/ids.ts'
import { attack } from '../attack.ts'
import type { History } from '../history.ts'
import {
  add,
  gist,
  isIn,
  type Look,
  readmit,
  reduce,
  revoke,
  suspend,
  write,
} from '../model-log.ts'

/** A history with its outcome, and where its checks report to. */
export interface Case extends History {
  readonly look: Look
  check(name: string, held: boolean): void
}

export type Check = (given: Case) => void

export const all = (given: Case, more: readonly ReadEntry[] = []): string =>
  gist(reduce(given.account, [...given.entries, ...more]))

export const keysOf = ({ look }: Case): ReadonlySet<DeviceId> =>
  new Set(look.tree.standing.map(({ device }) => device))

export const isForked = ({ look }: Case, device: DeviceId): boolean =>
  look.state.forks.some((fork) => fork.device === device)

export const placesOf = ({ look }: Case, device: DeviceId): readonly Place[] =>
  look.tree.standing.filter((place) => place.device === device)

export const isOut = ({ look }: Case, place: Place): boolean =>
  [place, ...place.ancestors].some((its) => look.suspensions.open.has(its))

/** Companions: devices that are in and do not have the first device's key, at the place where they are in. */
export function companions(given: Case): readonly Place[] {
  const { state, tree } = given.look
  return tree.standing.filter(
    ({ id, device }) =>
      device !== state.first && isIn(state, device) && state.devices.get(device)?.addedBy === id,
  )
}

export const author = ({ account }: Case, place: Place, prev: EntryId) => ({
  add: (device: DeviceId) => write(account, { author: place.device, prev }, add(device)),
  revoke: (target: EntryId) => write(account, { author: place.device, prev }, revoke(target)),
  suspend: (target: EntryId) => write(account, { author: place.device, prev }, suspend(target)),
  readmit: (target: EntryId, answers: readonly EntryId[]) =>
    write(account, { author: place.device, prev }, readmit(target, answers)),
})

export const atTip = (given: Case, place: Place) => author(given, place, given.look.tip(place))

/** The first device revokes every place of a key. */
export function cut(given: Case, key: DeviceId): readonly ReadEntry[] {
  const { tree, tip } = given.look
  const revokes: ReadEntry[] = []
  for (const place of [...tree.standing, ...tree.revoked]) {
    if (place.device !== key || place === tree.first) continue
    const prev = revokes.at(-1)?.id ?? tip(tree.first)
    revokes.push(author(given, tree.first, prev).revoke(place.id))
  }
  return revokes
}

export function forge(given: Case, key: DeviceId, count?: number): readonly ReadEntry[] {
  return attack(given, key, count)
}
