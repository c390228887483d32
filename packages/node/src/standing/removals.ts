/** What a device log says about who is out of its account, and why. */

import {
  type DeviceId,
  type DeviceLogState,
  type DeviceStanding,
  devicesIn,
  type EntryId,
} from '@kithmesh/protocol'
import type { LeftReason } from '../api/devices.ts'

/**
 * Everything in a log by which devices are out now: revokes, suspends and leaves that nobody answered,
 * the recovery it began with, and the places that have expired or are held. An epoch is fit to be
 * written under when it names them all (OUT-2).
 */
export function removalsInEffect(
  state: DeviceLogState,
  { now }: { readonly now: number },
): ReadonlySet<EntryId> {
  const refused = new Set(state.refused.map(({ id }) => id))
  const answered = new Set<EntryId>()
  const removals = new Set<EntryId>()
  for (const [id, { body }] of state.genuine) {
    if (refused.has(id)) continue
    if (body.kind === 'readmit') for (const answer of body.answers) answered.add(answer)
    if (body.kind === 'suspend' || body.kind === 'leave' || body.kind === 'revoke') removals.add(id)
  }
  // What a revoke also suspends may be answered; whom it revokes is out all the same.
  for (const id of answered) if (!isRevoke(state, id)) removals.delete(id)
  if (state.recoveries > 0) removals.add(state.period)
  const standings = [...state.devices.values()]
  for (const standing of standings) {
    if (standing.state === 'held' || hasExpired(standing, now)) removals.add(standing.addedBy)
  }
  if (standings.some((standing) => standing.state === 'held')) {
    for (const id of tookPlaces(state, refused)) removals.add(id)
  }
  return removals
}

/**
 * A device may be held, come in and be held again, without an entry about itself: what tells these times
 * apart is by which entries others have the places before it.
 */
function tookPlaces(
  { genuine, devices }: DeviceLogState,
  refused: ReadonlySet<EntryId>,
): readonly EntryId[] {
  const readmits = [...genuine]
    .filter(([id, { body }]) => body.kind === 'readmit' && !refused.has(id))
    .map(([id]) => id)
  const adds = [...devices.values()].flatMap(({ state, addedBy }) =>
    state === 'in' && genuine.has(addedBy) ? [addedBy] : [],
  )
  return [...readmits, ...adds]
}

function isRevoke(state: DeviceLogState, id: EntryId): boolean {
  return state.genuine.get(id)?.body.kind === 'revoke'
}

/** Whether the log holds what an epoch names: whoever takes its key knows who is out of it. */
export function holdsRemovals(state: DeviceLogState, removals: readonly EntryId[]): boolean {
  return removals.every((id) => state.genuine.has(id))
}

/** Devices that were in by one state of a log and are not by the next. */
export function goneBetween(
  before: readonly DeviceId[],
  after: DeviceLogState,
  { now }: { readonly now: number },
): readonly DeviceId[] {
  const still = new Set(devicesIn(after, { now }).map(({ device }) => device))
  return before.filter((device) => !still.has(device))
}

/** Why a device is out; undefined while it is in. */
export function leftReason(
  state: DeviceLogState,
  device: DeviceId,
  { now }: { readonly now: number },
): LeftReason | undefined {
  const standing = state.devices.get(device)
  if (!standing) return state.recoveries > 0 ? 'recovered' : 'unlinked'
  switch (standing.state) {
    case 'in':
      return hasExpired(standing, now) ? 'expired' : undefined
    case 'held':
      return 'held'
    case 'suspended':
      return standing.suspensions.some(({ by, reason }) => reason === 'left' && by === device)
        ? 'left'
        : 'suspended'
    case 'revoked':
      return 'unlinked'
  }
}

function hasExpired({ expiresAt }: DeviceStanding, now: number): boolean {
  return expiresAt !== undefined && expiresAt <= now
}

/** When the next device of a log that is in expires, ms since 1970 UTC; undefined when none does. */
export function nextExpiry(
  state: DeviceLogState,
  { now }: { readonly now: number },
): number | undefined {
  const times = devicesIn(state, { now }).flatMap(({ expiresAt }) => expiresAt ?? [])
  return times.length > 0 ? Math.min(...times) : undefined
}
