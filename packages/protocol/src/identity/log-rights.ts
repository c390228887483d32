/**
 * What one device of an account may do to another, for those who ask before they write an entry. The
 * reducer itself asks nobody: it weighs what was written.
 */

import type { DeviceId } from '../ids.ts'
import type { DeviceLogState } from './device-log.ts'
import type { DeviceStanding } from './log-standing.ts'

/** Whether a revoke by `author` would count: it stands above `target` (LOG-5). */
export function mayUnlink(state: DeviceLogState, author: DeviceId, target: DeviceId): boolean {
  const [one, other] = standing(state, author, target)
  return one !== undefined && other !== undefined && isAbove(one, other)
}

/**
 * Whether a suspend by `author` would count: against all but the devices above it, of which one is the first
 * (LOG-7). Not against itself: that is a leave.
 */
export function maySuspend(state: DeviceLogState, author: DeviceId, target: DeviceId): boolean {
  const [one, other] = standing(state, author, target)
  if (one === undefined || other === undefined || one === other) return false
  return !one.ancestors.includes(target)
}

/** Whether a readmit by `author` would count: it stands above a suspended `target`, and has no fork (LOG-14). */
export function mayReadmit(state: DeviceLogState, author: DeviceId, target: DeviceId): boolean {
  const isForked = state.forks.some(({ device }) => device === author)
  const isSuspended = (state.devices.get(target)?.suspensions.length ?? 0) > 0
  return isSuspended && !isForked && mayUnlink(state, author, target)
}

/** Those of the devices that stand. */
function standing(
  { devices }: DeviceLogState,
  ...of: readonly DeviceId[]
): readonly (DeviceStanding | undefined)[] {
  return of.map((device) => {
    const its = devices.get(device)
    return its?.state === 'revoked' ? undefined : its
  })
}

function isAbove(one: DeviceStanding, other: DeviceStanding): boolean {
  return other.ancestorPlaces.includes(one.addedBy)
}
