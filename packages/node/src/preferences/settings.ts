import { KithError } from '@kithmesh/protocol'
import {
  checkSetting,
  DEVICE_ZONE,
  deviceTimeZone,
  type EventSource,
  isSettingKey,
  openTimeZone,
  quietHoursIn,
  quietUntil,
  readSetting,
  SETTINGS,
  type SettingKey,
  type SettingValue,
  type SettingValues,
  type TimeZone,
} from '@kithmesh/sync'
import type { AccountState } from '../account/account-state.ts'
import type { NodeEvents } from '../api/events.ts'
import type { CallOptions } from '../api/options.ts'
import type { QuietState, Setting } from '../api/settings.ts'
import type { DeviceContext } from '../context.ts'

/** The settings of an account, which hold on all of its devices (ACC-21). */
export interface Settings {
  /** By name. */
  list(options?: CallOptions): Promise<readonly Setting[]>
  get<K extends SettingKey>(key: K, options?: CallOptions): Promise<SettingValues[K]>
  /** `value`: as it is kept, or its text. @throws ERR_SETTING */
  set<K extends SettingKey>(key: K, value: SettingValue, options?: CallOptions): Promise<Setting<K>>
  /** As it was before anybody set it. @throws ERR_SETTING */
  reset<K extends SettingKey>(key: K, options?: CallOptions): Promise<Setting<K>>
  /** Quiet hours as they are now. */
  quiet(options?: CallOptions): Promise<QuietState>
  /** The same, at once. */
  quietNow(): QuietState
}

/** Opens the settings of an account. `zoneHere`: the time zone this device is in. */
export function createSettings(
  context: Pick<DeviceContext, 'clock' | 'signal'>,
  parts: {
    readonly state: Pick<AccountState, 'data' | 'edit'>
    readonly events: EventSource<NodeEvents>
    readonly zoneHere?: () => string
  },
): Settings {
  const { state, events, zoneHere = deviceTimeZone } = parts
  const { settings } = state.data
  const zoneNamed = createZones()

  state.data.events.addEventListener(
    'setting:changed',
    ({ detail: { key } }) => {
      if (isSettingKey(key)) events.emit('setting:changed', view(key))
    },
    { signal: context.signal },
  )

  function view<K extends SettingKey>(key: K): Setting<K> {
    const { kind, choices, expects } = SETTINGS[requireKey(key)]
    const isSet = settings.get(key) !== undefined
    const value = readSetting(settings, key)
    return { key, value, kind, expects, isSet, ...(choices ? { choices } : {}) }
  }

  async function change<K extends SettingKey>(
    key: K,
    edit: () => void,
    { signal }: CallOptions = {},
  ): Promise<Setting<K>> {
    signal?.throwIfAborted()
    await state.edit(edit)
    return view(key)
  }

  function quietNow(): QuietState {
    const chosen = readSetting(settings, 'quiet-hours.time-zone')
    const timeZone = chosen === DEVICE_ZONE ? zoneHere() : chosen
    const hours = quietHoursIn(settings)
    const until = quietUntil(hours, context.clock.now(), zoneNamed(timeZone))
    const favourites = readSetting(settings, 'quiet-hours.favourites')
    return { on: hours.on, favourites, timeZone, ...(until === undefined ? {} : { until }) }
  }

  return {
    list: async () => Object.keys(SETTINGS).filter(isSettingKey).map(view),
    get: async (key) => readSetting(settings, requireKey(key)),
    set: async (key, value, options) => {
      const checked = checkSetting(requireKey(key), value)
      return change(key, () => settings.set(key, checked), options)
    },
    reset: async (key, options) => {
      requireKey(key)
      return change(key, () => settings.remove(key), options)
    },
    quiet: async () => quietNow(),
    quietNow,
  }
}

/** Zones that were opened: making one costs more than a hundred questions to it. */
function createZones(): (name: string) => TimeZone {
  const known = new Map<string, TimeZone>()
  const utc: TimeZone = { name: 'UTC', offsetAt: () => 0 }
  return (name) => {
    const zone = known.get(name) ?? openTimeZone(name) ?? utc
    known.set(name, zone)
    return zone
  }
}

/** A key comes from outside, whatever its type says. */
function requireKey<K extends SettingKey>(key: K): K {
  if (isSettingKey(key)) return key
  throw new KithError('ERR_SETTING', 'there is no such setting', {
    hint: 'See what there is with: kith settings',
  })
}
