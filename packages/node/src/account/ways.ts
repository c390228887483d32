import type { Status } from '../api/status.ts'
import type { Contacts } from '../contacts/contacts.ts'
import type { DeviceContext } from '../context.ts'
import type { DeviceLogs } from './device-logs.ts'

/** Whether others reach this device, as `status` says it (NODE-41). */
export function ownReachability({
  net,
}: Pick<DeviceContext, 'net'>): Pick<Status, 'reachable' | 'reachableReason'> {
  const { reachable, reason } = net.reachable()
  return { reachable, reachableReason: reason }
}

/** Contacts by name, with the way to each of their devices now. */
export async function contactWays(
  { net }: Pick<DeviceContext, 'net'>,
  { contacts, logs }: { contacts: Pick<Contacts, 'list'>; logs: Pick<DeviceLogs, 'devicesOf'> },
): Promise<NonNullable<Status['contacts']>> {
  const listed = await contacts.list()
  return listed
    .map(({ contact, name }) => ({
      contact,
      name,
      devices: logs.devicesOf(contact).map((device) => ({ device, ...net.reachability(device) })),
    }))
    .sort((a, b) => a.name.localeCompare(b.name))
}
