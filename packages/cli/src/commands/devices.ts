import type { DeviceEvent } from '../events.ts'
import { oneLine, table } from '../terminal-text.ts'
import { ago } from '../times.ts'
import { type CommandContext, collect } from './context.ts'

/** The linked devices of this account. */
export async function showDevices(context: CommandContext): Promise<void> {
  const devices = await collect(context, { call: 'devices', input: {}, event: 'device' })
  const { report, io } = context
  const rows = devices.map((device) => deviceRow(device, io.now()))
  const [head = '', ...lines] = table([['NAME', 'STATE', 'ADDED', 'LAST SEEN', 'DEVICE'], ...rows])
  report.print(report.paint('bold', head), ...lines)
}

function deviceRow(device: DeviceEvent, now: number): readonly string[] {
  const state = device.this ? 'this device' : device.state
  const seen = device.this ? 'now' : device.lastSeen === null ? 'never' : ago(device.lastSeen, now)
  return [oneLine(device.name), state, ago(device.addedAt, now), seen, device.device]
}

/** Gives a device of this account another name, on all of them. */
export async function renameDevice(
  context: CommandContext,
  input: { readonly device: string; readonly name: string },
): Promise<void> {
  const [device] = await collect(context, { call: 'devices rename', input, event: 'device' })
  if (device !== undefined) context.report.print(`The device is now "${oneLine(device.name)}".`)
}
