import type { SettingKey, SettingValues } from '@kithmesh/sync'

export type { SettingKey, SettingValues }

/** A setting as a person sees it. */
export interface Setting<K extends SettingKey = SettingKey> {
  readonly key: K
  readonly value: SettingValues[K]
  readonly kind: 'flag' | 'choice' | 'text'
  /** With `choice`: all there is. */
  readonly choices?: readonly string[]
  /** What it may be: `on or off`, `a span as 22:00-07:00, or never`. */
  readonly expects: string
  /** Whether somebody set it; else it is what it begins as. */
  readonly isSet: boolean
}

/** Quiet hours as they are now. */
export interface QuietState {
  readonly on: boolean
  /** Whether favourites are told of all the same. */
  readonly favourites: boolean
  /** The zone that counts: of the setting, or of this device. */
  readonly timeZone: string
  /** When the quiet that is now ends, ms since 1970 UTC; missing when it is not quiet. */
  readonly until?: number
}
