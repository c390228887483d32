import type { LinkState } from '@kithmesh/node'
import type { CallInput } from '../local/calls.ts'
import { deviceEvent, linkStateEvent, seenDevice, statusEvent } from './answers.ts'
import { findDevice } from './resolve.ts'
import { requireAccount, type Serving } from './served.ts'

export async function tellStatus(
  _: CallInput<'status'>,
  { node, signal, emit }: Serving,
): Promise<void> {
  requireAccount(node)
  await emit(statusEvent(await node.status({ signal })))
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

/** Links the device that shows the code; the person at the command confirms it. */
export async function linkDevice(
  { code, far }: CallInput<'link'>,
  serving: Serving,
): Promise<void> {
  const { node, signal, emit, confirm } = serving
  requireAccount(node)
  const told: Promise<void>[] = []
  const linked = await node.devices.link(code, {
    far,
    signal,
    confirm: (seen) => confirm(seenDevice(seen)),
    onState: (state) => {
      if (isProgress(state)) told.push(emit(linkStateEvent(state)))
    },
  })
  await Promise.all(told)
  const { device, name } = deviceEvent(linked)
  await emit({ event: 'linked', device, name })
}

/** States that only this side can tell; the end has an event or an error of its own. */
function isProgress({ state }: LinkState): boolean {
  return state === 'seen' || state === 'confirm' || state === 'syncing'
}
