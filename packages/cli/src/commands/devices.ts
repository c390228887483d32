import type { DeviceEvent } from '../events/devices.ts'
import { oneLine, table } from '../terminal-text.ts'
import { ago, localMinute } from '../times.ts'
import { type CommandContext, collect } from './context.ts'

/** The linked devices of this account. */
export async function showDevices(context: CommandContext): Promise<void> {
  const devices = await collect(context, { call: 'devices', input: {}, event: 'device' })
  const { report, io } = context
  const rows = devices.map((device) => deviceRow(device, { devices, now: io.now() }))
  const [head = '', ...lines] = table([HEAD, ...rows])
  report.print(report.paint('bold', head), ...lines)
  report.print(...devices.flatMap((device) => remarkOf(device, devices)))
}

const HEAD = ['NAME', 'STATE', 'ADDED', 'LAST SEEN', 'LINKED BY', 'DEVICE']
/** Of a name: six columns fit 80 cells. */
const NAME_CELLS = 16
/** Of an id: enough to name the device by in a command. */
const ID_CHARACTERS = 14

interface Among {
  readonly devices: readonly DeviceEvent[]
  readonly now: number
}

function deviceRow(device: DeviceEvent, { devices, now }: Among): readonly string[] {
  const state = device.this ? 'this device' : device.state
  const seen = device.this ? 'now' : device.lastSeen === null ? 'never' : ago(device.lastSeen, now)
  const by = devices.find((one) => one.device === device.linkedBy)
  const linkedBy = device.linkedBy === null ? '—' : short(by?.name ?? 'unknown')
  const id = device.device.slice(0, ID_CHARACTERS)
  return [short(device.name), state, ago(device.addedAt, now), seen, linkedBy, id]
}

function short(name: string): string {
  const shown = [...oneLine(name)]
  return shown.length <= NAME_CELLS ? shown.join('') : `${shown.slice(0, NAME_CELLS - 1).join('')}…`
}

/** Why a device is out, and when one will be. */
function remarkOf(device: DeviceEvent, devices: readonly DeviceEvent[]): readonly string[] {
  const { suspended, idleIn, expiresAt, unfinished } = device
  const name = short(device.name)
  if (suspended !== null) {
    const by = devices.find((one) => one.device === suspended.by)
    const said = by?.device === device.device ? '' : `, said ${short(by?.name ?? 'another device')}`
    return [`! ${name}: ${WHY[suspended.reason]}${said}`]
  }
  if (unfinished) return [`! ${name}: its linking broke off, link it again or unlink it`]
  if (expiresAt !== null) return [`  ${name}: ends ${localMinute(expiresAt)}`]
  if (idleIn === null || idleIn > WARN_DAYS) return []
  return [
    `  ${name}: suspended as idle in ${idleIn} ${idleIn === 1 ? 'day' : 'days'} unless it is met`,
  ]
}

/** A device that was not met for two weeks and more. */
const WARN_DAYS = 14

const WHY: Readonly<Record<NonNullable<DeviceEvent['suspended']>['reason'], string>> = {
  lost: 'suspended as lost',
  idle: 'suspended, not met for 30 days',
  left: 'has left',
  revoked: 'suspended, as another place of it was unlinked',
}

/** Gives a device of this account another name, on all of them. */
export async function renameDevice(
  context: CommandContext,
  input: { readonly device: string; readonly name: string },
): Promise<void> {
  const [device] = await collect(context, { call: 'devices rename', input, event: 'device' })
  if (device !== undefined) context.report.print(`The device is now "${oneLine(device.name)}".`)
}
