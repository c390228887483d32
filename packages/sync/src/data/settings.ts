import { openRowTable, type RowTable } from './row-table.ts'
import type { OpenView } from './view.ts'

/** A setting's value: one scalar. Something larger is several settings. */
export type SettingValue = string | number | boolean

/** Settings that hold on every device. Keys: letters, digits, `.`, `~` and `-`, at most 96. */
export interface SettingsView {
  get(key: string): SettingValue | undefined
  list(): ReadonlyMap<string, SettingValue>
  /** @throws ERR_MALFORMED, ERR_TOO_LARGE */
  set(key: string, value: SettingValue): void
  remove(key: string): void
}

/** Events of this view. */
export interface SettingEvents {
  /** Without `value` when it was removed. */
  'setting:changed': { readonly key: string; readonly value?: SettingValue }
}

/** Opens the view over its table. */
export const openSettings: OpenView<SettingsView, SettingEvents> = (fields, emit) => {
  const table: RowTable = openRowTable(fields, 'settings', (before) => {
    for (const key of before.keys()) {
      const value = get(key)
      emit('setting:changed', value === undefined ? { key } : { key, value })
    }
  })
  const get = (key: string): SettingValue | undefined => {
    const value = table.row(key)?.get('value')
    return value instanceof Uint8Array ? undefined : value
  }
  return {
    get,
    list: () =>
      new Map(
        [...table.rows()].flatMap(([key]) => {
          const value = get(key)
          return value === undefined ? [] : [[key, value] as const]
        }),
      ),
    set: (key, value) => table.write(key, { value }),
    remove: (key) => table.drop(key),
  }
}
