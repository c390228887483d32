import type { CallInput } from '../local/calls.ts'
import { alertEvent, deviceEvent } from './answers.ts'
import { findDevice } from './resolve.ts'
import { requireAccount, type Serving } from './served.ts'

/** Puts a device out for good; its event says how it stands now. */
export async function unlinkDevice(
  { device }: CallInput<'devices unlink'>,
  serving: Serving,
): Promise<void> {
  const { node, signal, emit } = serving
  const found = await findDevice(device, serving)
  await node.devices.unlink(found.device, { signal })
  const after = (await node.devices.list({ signal })).find((one) => one.device === found.device)
  await emit(deviceEvent(after ?? { ...found, state: 'unlinked' }))
}

/** Puts a device out until it is readmitted. */
export async function suspendDevice(
  { device }: CallInput<'devices suspend'>,
  serving: Serving,
): Promise<void> {
  const found = await findDevice(device, serving)
  const { node, signal } = serving
  await serving.emit(deviceEvent(await node.devices.suspend(found.device, { signal })))
}

/** Takes a suspended device back. */
export async function readmitDevice(
  { device }: CallInput<'devices readmit'>,
  serving: Serving,
): Promise<void> {
  const found = await findDevice(device, serving)
  const { node, signal } = serving
  await serving.emit(deviceEvent(await node.devices.readmit(found.device, { signal })))
}

/** This device leaves its account. */
export async function leaveAccount(
  _: CallInput<'devices leave'>,
  { node, signal, emit }: Serving,
): Promise<void> {
  requireAccount(node)
  const own = (await node.devices.list({ signal })).find((device) => device.this)
  await node.devices.leave({ signal })
  if (own) await emit(deviceEvent({ ...own, state: 'suspended' }))
}

/** Devices that were seen to be copies, each with its proof. */
export async function tellAlerts(
  _: CallInput<'devices alerts'>,
  { node, signal, emit }: Serving,
): Promise<void> {
  requireAccount(node)
  const named = new Map((await node.devices.list({ signal })).map((one) => [one.device, one.name]))
  const contacts = await node.contacts.list({ signal })
  for (const alert of await node.devices.alerts({ signal })) {
    const contact = contacts.find((one) => one.contact === alert.account)
    const name = (alert.own ? named.get(alert.device) : contact?.name) ?? ''
    await emit(alertEvent(alert, name))
  }
}
