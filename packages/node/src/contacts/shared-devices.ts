import type { AccountId, DeviceId } from '@kithmesh/protocol'
import type { DeviceLogs } from '../account/device-logs.ts'
import type { DeviceContext } from '../context.ts'

/** Other accounts whose device log knows a device of this one: maybe the same person, with a new account. */
export type AccountsSharingDevices = (account: AccountId) => readonly AccountId[]

/**
 * A device countersigns whatever takes it in, so nobody can put another's device into a log: a device
 * that stands in two was taken into the second account by whoever holds it (ACC-14).
 */
export function findSharedDevices(
  { signal }: Pick<DeviceContext, 'signal'>,
  logs: DeviceLogs,
): AccountsSharingDevices {
  let accountsByDevice: ReadonlyMap<DeviceId, ReadonlySet<AccountId>> | undefined
  const forget = (): void => {
    accountsByDevice = undefined
  }
  logs.events.addEventListener('log:changed', forget, { signal })

  function index(): ReadonlyMap<DeviceId, ReadonlySet<AccountId>> {
    const found = new Map<DeviceId, Set<AccountId>>()
    for (const account of logs.accounts()) {
      for (const device of logs.get(account)?.devices.keys() ?? []) {
        found.set(device, (found.get(device) ?? new Set()).add(account))
      }
    }
    return found
  }

  return (account) => {
    accountsByDevice ??= index()
    const sharing = new Set<AccountId>()
    for (const device of logs.get(account)?.devices.keys() ?? []) {
      for (const other of accountsByDevice.get(device) ?? []) sharing.add(other)
    }
    sharing.delete(account)
    return [...sharing]
  }
}
