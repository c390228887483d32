import { type DeviceId, parseDeviceId } from '@kithmesh/protocol'
import { checkName, idsOf, nameIn, timeIn } from './fields.ts'
import { openRowTable, type Row, type RowTable } from './row-table.ts'
import type { OpenView } from './view.ts'

/** How a device is called. Names never stand in the device log, which is public to contacts. */
export interface NamedDevice {
  readonly device: DeviceId
  /** 1 to 128 characters. */
  readonly name: string
  /** `cli`, `browser`, … */
  readonly kind: string
  /**
   * It gets messages from then on, ms since 1970 UTC, and none older; missing when it gets all there are
   * (HIS-8).
   */
  readonly historySince?: number
}

/** What is written of a device; `historySince: 0` lets it have everything. */
export interface NamedDeviceFields {
  readonly name?: string
  readonly kind?: string
  readonly historySince?: number
}

/** Names and kinds of the account's devices. */
export interface DeviceNamesView {
  get(device: DeviceId): NamedDevice | undefined
  list(): readonly NamedDevice[]
  /** @throws ERR_MALFORMED, ERR_TOO_LARGE */
  set(device: DeviceId, fields: NamedDeviceFields): void
  remove(device: DeviceId): void
}

/** Events of this view. */
export interface DeviceNameEvents {
  'device:renamed': NamedDevice
}

/** Opens the view over its table. */
export const openDeviceNames: OpenView<DeviceNamesView, DeviceNameEvents> = (fields, emit) => {
  const idOf = idsOf(parseDeviceId)
  const table: RowTable = openRowTable(fields, 'devices', (before) => {
    for (const id of before.keys()) {
      const named = read(id, table.row(id))
      if (named !== undefined) emit('device:renamed', named)
    }
  })
  const read = (id: string, row: Row | undefined): NamedDevice | undefined => {
    const device = idOf(id)
    if (row === undefined || device === undefined) return undefined
    const since = timeIn(row, 'historySince') ?? 0
    const named = { device, name: nameIn(row, 'name'), kind: nameIn(row, 'kind') }
    return since > 0 ? { ...named, historySince: since } : named
  }
  return {
    get: (device) => read(device, table.row(device)),
    list: () => [...table.rows()].flatMap(([id, row]) => read(id, row) ?? []),
    set: (device, { historySince, ...names }) => {
      for (const text of Object.values(names)) checkName(text)
      const since = historySince === undefined ? {} : { historySince }
      table.write(device, { ...names, ...since })
    },
    remove: (device) => table.drop(device),
  }
}
