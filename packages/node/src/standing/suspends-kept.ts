import {
  type DeviceId,
  type DeviceLogState,
  type DeviceSuspension,
  type EntryId,
  maySuspend,
} from '@kithmesh/protocol'

/** A suspension to be said again by somebody whose word stays. */
export interface KeptSuspension {
  readonly target: EntryId
  readonly reason: 'lost' | 'idle'
}

/**
 * Suspensions of others that would end with the unlinking of a device, since no entry of it or of what
 * it linked counts any more (protocol.md §2, rule 3). Whoever unlinks says them again: whether a device
 * that somebody reported as lost may come back is decided by a person, never by the way (OUT-14).
 */
export function suspendsWorthKeeping(
  state: DeviceLogState,
  { by, unlinking }: { readonly by: DeviceId; readonly unlinking: DeviceId },
): readonly KeptSuspension[] {
  const goes = (device: DeviceId): boolean =>
    device === unlinking || (state.devices.get(device)?.ancestors.includes(unlinking) ?? false)
  return [...state.devices.values()]
    .filter(({ device, suspensions }) => {
      const endsWithIt = suspensions.length > 0 && suspensions.every((one) => goes(one.by))
      return endsWithIt && !goes(device) && maySuspend(state, by, device)
    })
    .map(({ addedBy, suspensions }) => ({ target: addedBy, reason: reasonOf(suspensions) }))
}

function reasonOf(suspensions: readonly DeviceSuspension[]): KeptSuspension['reason'] {
  return suspensions.every(({ reason }) => reason === 'idle') ? 'idle' : 'lost'
}
