import { type DeviceId, parseDeviceId } from '@kithmesh/protocol'
import { checkName, idsOf, nameIn } from './fields.ts'
import { openRowTable, type Row, type RowTable } from './row-table.ts'
import type { OpenView } from './view.ts'

/** How a device is called. Names never stand in the device log, which is public to contacts. */
export interface NamedDevice {
  readonly device: DeviceId
  /** 1 to 128 characters. */
  readonly name: string
  /** `cli`, `browser`, … */
  readonly kind: string
}

/** Names and kinds of the account's devices. */
export interface DeviceNamesView {
  get(device: DeviceId): NamedDevice | undefined
  list(): readonly NamedDevice[]
  /** @throws ERR_MALFORMED, ERR_TOO_LARGE */
  set(device: DeviceId, fields: { readonly name?: string; readonly kind?: string }): void
  remove(device: DeviceId): void
}

/** Events of this view. */
export interface DeviceNameEvents {
  'device:renamed': NamedDevice
}

/** Opens the view over its root of the document. */
export const openDeviceNames: OpenView<DeviceNamesView, DeviceNameEvents> = (doc, emit) => {
  const idOf = idsOf(parseDeviceId)
  const table: RowTable = openRowTable(doc, 'devices', (before) => {
    for (const id of before.keys()) {
      const named = read(id, table.row(id))
      if (named !== undefined) emit('device:renamed', named)
    }
  })
  const read = (id: string, row: Row | undefined): NamedDevice | undefined => {
    const device = idOf(id)
    if (row === undefined || device === undefined) return undefined
    return { device, name: nameIn(row, 'name'), kind: nameIn(row, 'kind') }
  }
  return {
    get: (device) => read(device, table.row(device)),
    list: () => [...table.rows()].flatMap(([id, row]) => read(id, row) ?? []),
    set: (device, fields) => {
      for (const text of Object.values(fields)) checkName(text)
      table.write(device, fields)
    },
    remove: (device) => table.drop(device),
  }
}
