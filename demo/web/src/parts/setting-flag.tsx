import type { Setting, SettingKey } from '@kithmesh/node'
import type { ReactNode } from 'react'
import type { SettingsShown } from '../views/views.ts'

/** Sets one setting of the account. */
export type SetSetting = (key: SettingKey, value: string | boolean) => void

/** A setting that is on or off. */
export function SettingFlag({
  shown,
  name,
  onSet,
  children,
}: {
  readonly shown: SettingsShown
  readonly name: SettingKey
  readonly onSet: SetSetting
  readonly children: ReactNode
}): ReactNode {
  return (
    <label className="check">
      <input
        type="checkbox"
        checked={settingOf(shown, name) === true}
        onChange={({ target }) => onSet(name, target.checked)}
      />
      <span>{children}</span>
    </label>
  )
}

/** What a setting is now. */
export function settingOf({ settings }: SettingsShown, name: SettingKey): Setting['value'] {
  return settings.find(({ key }) => key === name)?.value ?? ''
}
