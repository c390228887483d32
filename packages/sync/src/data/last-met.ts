import { type DeviceId, parseDeviceId } from '@kithmesh/protocol'
import type { FieldList } from './field-list.ts'
import { idsOf } from './fields.ts'
import { openRowTable, type Row, type RowTable } from './row-table.ts'

/**
 * The day on which each device was last met by another of the account: a hint, by which idle ones are
 * found. Each writes its own field of a row, so that of concurrent notes the latest day counts (ACC-15).
 */
export interface LastMetView {
  /** The latest day, in days since 1970 UTC; undefined when nobody noted one. */
  get(device: DeviceId): number | undefined
  /** Notes that `by` met the device on a day; an earlier day than its own last note is no news. */
  note(device: DeviceId, met: { readonly by: DeviceId; readonly day: number }): void
  /** Forgets a device. */
  remove(device: DeviceId): void
}

/** Characters of the writer's id that name its field: field names are short, and ids differ at their end. */
const WRITER_CHARACTERS = 16

/** Opens the view over its table. Nobody acts on a note by itself: there are no events. */
export function openLastMet(fields: FieldList): LastMetView {
  const idOf = idsOf(parseDeviceId)
  const table: RowTable = openRowTable(fields, 'met', () => undefined)
  return {
    get: (device) => {
      const row = idOf(device) && table.row(device)
      const days = row ? daysIn(row) : []
      return days.length > 0 ? Math.max(...days) : undefined
    },
    note: (device, { by, day }) => {
      const field = by.slice(-WRITER_CHARACTERS)
      const before = table.row(device)?.get(field)
      if (isDay(before) && before >= day) return
      table.write(device, { [field]: day })
    },
    remove: (device) => table.drop(device),
  }
}

function daysIn(row: Row): readonly number[] {
  return [...row.values()].filter(isDay)
}

function isDay(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
}
