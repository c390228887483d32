import type { CallInput } from '../local/calls.ts'
import { deviceEvent, statusEvent } from './answers.ts'
import { findDevice } from './resolve.ts'
import { requireAccount, type Serving } from './served.ts'

export async function tellStatus(
  _: CallInput<'status'>,
  { node, signal, emit }: Serving,
): Promise<void> {
  requireAccount(node)
  const status = await node.status({ signal })
  const recovery = status.left ? 'absent' : await node.recovery.state({ signal })
  await emit({ ...statusEvent(status), recovery })
}

export async function listDevices(
  _: CallInput<'devices'>,
  { node, signal, emit }: Serving,
): Promise<void> {
  requireAccount(node)
  for (const device of await node.devices.list({ signal })) await emit(deviceEvent(device))
}

export async function renameDevice(
  { device, name }: CallInput<'devices rename'>,
  serving: Serving,
): Promise<void> {
  const found = await findDevice(device, serving)
  const { signal } = serving
  await serving.emit(deviceEvent(await serving.node.devices.rename(found.device, name, { signal })))
}
