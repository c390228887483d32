import {
  type AccountId,
  type DeviceId,
  type DeviceLogState,
  type DeviceStanding,
  KithError,
  mayReadmit,
  maySuspend,
  mayUnlink,
} from '@kithmesh/protocol'
import type { DeviceLogs } from '../account/device-logs.ts'
import type { Devices } from '../account/devices.ts'

/**
 * What this device may do to others of its account, asked before an entry is written, in words for a
 * person (OUT-13). Each gives the place to write about; undefined when there is nothing left to do.
 */
export interface Rights {
  /** @throws ERR_NO_ACCOUNT */
  ownLog(): DeviceLogState
  toUnlink(state: DeviceLogState, device: DeviceId): DeviceStanding | undefined
  toSuspend(state: DeviceLogState, device: DeviceId): DeviceStanding | undefined
  /** Never throws: whom it may not suspend it leaves alone. */
  toSuspendIdle(state: DeviceLogState, device: DeviceId): DeviceStanding | undefined
  toReadmit(state: DeviceLogState, device: DeviceId): DeviceStanding | undefined
  toLeave(state: DeviceLogState): void
  mayReadmit(state: DeviceLogState, device: DeviceId): boolean
}

/** The rights of one device. */
export function createRights(parts: {
  readonly account: AccountId
  readonly self: DeviceId
  readonly logs: Pick<DeviceLogs, 'get'>
  readonly devices: Pick<Devices, 'nameOf'>
}): Rights {
  const { account, self, logs, devices } = parts

  function ownLog(): DeviceLogState {
    const state = logs.get(account)
    if (state) return state
    throw new KithError('ERR_NO_ACCOUNT', 'the device log of this account is missing')
  }

  /** The place of another device. */
  function placeOf(state: DeviceLogState, device: DeviceId, ofSelf: string): DeviceStanding {
    if (device === self) {
      throw new KithError('ERR_DEVICE_SELF', 'that is this device itself', { hint: ofSelf })
    }
    const place = state.devices.get(device)
    if (place) return place
    throw new KithError('ERR_NOT_FOUND', 'no such device in this account')
  }

  function toUnlink(state: DeviceLogState, device: DeviceId): DeviceStanding | undefined {
    const place = placeOf(
      state,
      device,
      'Let it leave the account instead, or unlink it elsewhere.',
    )
    if (place.state === 'revoked') return undefined
    if (mayUnlink(state, self, device)) return place
    throw right('this device may not unlink that one', state, {
      place,
      else: maySuspend(state, self, device) ? 'This device can suspend it, at once.' : RECOVER,
    })
  }

  function toSuspend(state: DeviceLogState, device: DeviceId): DeviceStanding | undefined {
    const place = placeOf(state, device, 'Let it leave the account instead.')
    if (place.state === 'revoked') return undefined
    if (place.suspensions.some(({ by }) => by === self)) return undefined
    if (maySuspend(state, self, device)) return place
    const isFirst = device === state.first
    throw new KithError(
      'ERR_DEVICE_RIGHT',
      isFirst
        ? 'the first device of an account cannot be suspended'
        : 'this device may not suspend one that stands above it',
      { hint: isFirst ? RECOVER : `${hintOf(state, place)} Or: ${RECOVER}` },
    )
  }

  function toSuspendIdle(state: DeviceLogState, device: DeviceId): DeviceStanding | undefined {
    const place = state.devices.get(device)
    return place?.state === 'in' && maySuspend(state, self, device) ? place : undefined
  }

  function toReadmit(state: DeviceLogState, device: DeviceId): DeviceStanding | undefined {
    const place = placeOf(state, device, 'Only a device above this one can readmit it.')
    if (place.state === 'in' || place.state === 'held') return undefined
    if (mayReadmit(state, self, device)) return place
    throw right('this device may not readmit that one', state, {
      place,
      else:
        place.state === 'revoked'
          ? 'It was unlinked for good: start it with an empty home and link it anew.'
          : 'If it is out only because a device above it is, readmit that one.',
    })
  }

  function toLeave(state: DeviceLogState): void {
    if (state.first !== self) return
    throw new KithError('ERR_DEVICE_RIGHT', 'the first device of an account cannot leave it', {
      hint: 'Recover the account with the recovery words on another device: that one is first then.',
    })
  }

  function right(
    message: string,
    state: DeviceLogState,
    { place, else: otherwise }: { readonly place: DeviceStanding; readonly else: string },
  ): KithError {
    return new KithError('ERR_DEVICE_RIGHT', message, {
      hint: `${hintOf(state, place)} ${otherwise}`,
    })
  }

  /** Who may: those above it that stand. */
  function hintOf(state: DeviceLogState, { ancestors }: DeviceStanding): string {
    const names = ancestors
      .filter((device) => state.devices.get(device)?.state !== 'revoked')
      .map((device) => `"${devices.nameOf(device)}"`)
    return names.length > 0 ? `These may: ${names.join(', ')}.` : 'No device may.'
  }

  return {
    ownLog,
    toUnlink,
    toSuspend,
    toSuspendIdle,
    toReadmit,
    toLeave,
    mayReadmit: (state, device) => mayReadmit(state, self, device),
  }
}

const RECOVER = 'If it is lost, recover the account with the recovery words.'
