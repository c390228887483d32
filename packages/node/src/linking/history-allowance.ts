import { type DeviceId, KithError } from '@kithmesh/protocol'
import type { AccountState } from '../account/account-state.ts'
import type { Devices } from '../account/devices.ts'
import type { Device } from '../api/devices.ts'
import type { HistoryChoice } from '../api/history.ts'
import type { CallOptions } from '../api/options.ts'
import type { DeviceContext } from '../context.ts'
import { sinceOf } from './link-terms.ts'

/** Lets a device of the account have messages from so far back; resolves when that is durable here. */
export type AllowHistory = (
  device: DeviceId,
  choice: HistoryChoice,
  options?: CallOptions,
) => Promise<Device>

/** How far back others get messages, for the person at this device (HIS-8). */
export function createAllowHistory(
  { clock, device: self }: Pick<DeviceContext, 'clock' | 'device'>,
  { state, devices }: { readonly state: AccountState; readonly devices: Devices },
): AllowHistory {
  return async (device, choice, { signal } = {}) => {
    signal?.throwIfAborted()
    const { name, kind } = devices.require(device)
    if (device === self) {
      throw new KithError('ERR_DEVICE_SELF', 'another device lets this one have its history')
    }
    const historySince = sinceOf(choice, clock.now()) ?? 0
    // A row with a name: a device that nobody has named yet is one for `introduceDevice`.
    await state.edit(() => state.data.devices.set(device, { name, kind, historySince }))
    return devices.require(device)
  }
}
