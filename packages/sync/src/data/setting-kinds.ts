/**
 * The settings there are: what each may be, and what it is while nobody has set it (ACC-21). What
 * stands in the document is read defensively: a value of another kind, from a later version or a
 * fault, counts as not set.
 */

import { KithError } from '@kithmesh/protocol'
import { MAX_NAME_CHARACTERS } from './fields.ts'
import {
  parseQuietSpan,
  type QuietHours,
  type QuietSpan,
  WEEKDAYS,
  type Weekday,
} from './quiet-hours.ts'
import type { SettingsView, SettingValue } from './settings.ts'
import { openTimeZone } from './time-zone.ts'

/** Every setting, and the type of its value. */
export interface SettingValues extends Record<`quiet-hours.${Weekday}`, string> {
  /** The account's own name, as contacts are told it first. */
  readonly 'account.name': string
  /** Colours of the page. */
  readonly 'appearance.theme': 'system' | 'light' | 'dark'
  /** Whether anything is told of by notifications. */
  readonly 'notifications.on': boolean
  /** Favourites are told of in quiet hours, too. */
  readonly 'quiet-hours.favourites': boolean
  readonly 'quiet-hours.on': boolean
  /** A zone of the IANA database, or `device`: wherever each device is. */
  readonly 'quiet-hours.time-zone': string
  /** Contacts are told what was read. */
  readonly 'receipts.read': boolean
  /** Contacts keep sealed copies of the account data. */
  readonly 'recovery.copies': boolean
}

/** The name of a setting. */
export type SettingKey = keyof SettingValues

/** What a setting may be. */
export interface SettingKind<V extends SettingValue = SettingValue> {
  readonly kind: 'flag' | 'choice' | 'text'
  /** While nobody has set it. */
  readonly initial: V
  /** With `choice`: all there is. */
  readonly choices?: readonly string[]
  /** What it may be, to end a sentence: `It is …`. */
  readonly expects: string
  /** The value as it is kept, from a value or from its text; `undefined` for what it may not be. */
  readonly read: (value: SettingValue) => V | undefined
}

/** Quiet hours of a day nobody has set them for: a night. */
const NIGHT = '22:00-07:00'
/** Where quiet hours go by the clock of each device. */
export const DEVICE_ZONE = 'device'

const YES: readonly SettingValue[] = [true, 'true', 'on', 'yes']
const NO: readonly SettingValue[] = [false, 'false', 'off', 'no']

/** Every setting by its key. */
export const SETTINGS: { readonly [K in SettingKey]: SettingKind<SettingValues[K]> } = {
  'account.name': text('', `a name of 1 to ${MAX_NAME_CHARACTERS} characters`, isName),
  'appearance.theme': choice(['system', 'light', 'dark']),
  'notifications.on': flag(true),
  'quiet-hours.favourites': flag(true),
  'quiet-hours.friday': quietDay(),
  'quiet-hours.monday': quietDay(),
  'quiet-hours.on': flag(false),
  'quiet-hours.saturday': quietDay(),
  'quiet-hours.sunday': quietDay(),
  'quiet-hours.thursday': quietDay(),
  'quiet-hours.time-zone': text(DEVICE_ZONE, 'device, or a zone as Europe/Berlin', isZone),
  'quiet-hours.tuesday': quietDay(),
  'quiet-hours.wednesday': quietDay(),
  'receipts.read': flag(true),
  'recovery.copies': flag(true),
}

/** Whether there is a setting of that name. */
export function isSettingKey(key: string): key is SettingKey {
  return Object.hasOwn(SETTINGS, key)
}

/** What a setting is: what was set, or what it is when nobody did. */
export function readSetting<K extends SettingKey>(
  settings: Pick<SettingsView, 'get'>,
  key: K,
): SettingValues[K] {
  const kind: SettingKind<SettingValues[K]> = SETTINGS[key]
  const stored = settings.get(key)
  return (stored === undefined ? undefined : kind.read(stored)) ?? kind.initial
}

/** A value as it is kept. @throws ERR_SETTING for what the setting may not be */
export function checkSetting<K extends SettingKey>(key: K, value: SettingValue): SettingValues[K] {
  const kind: SettingKind<SettingValues[K]> = SETTINGS[key]
  const checked = kind.read(value)
  if (checked !== undefined) return checked
  throw new KithError('ERR_SETTING', `${key} cannot be that`, { hint: `It is ${kind.expects}.` })
}

/** The quiet hours that the settings say. */
export function quietHoursIn(settings: Pick<SettingsView, 'get'>): QuietHours {
  const days = WEEKDAYS.map((day): readonly [Weekday, QuietSpan | undefined] => {
    const span = parseQuietSpan(readSetting(settings, `quiet-hours.${day}`))
    return [day, span === 'never' ? undefined : span]
  })
  const spans = Object.fromEntries(days) as Record<Weekday, QuietSpan | undefined>
  return { on: readSetting(settings, 'quiet-hours.on'), days: spans }
}

function flag(initial: boolean): SettingKind<boolean> {
  const read = (value: SettingValue): boolean | undefined =>
    YES.includes(value) ? true : NO.includes(value) ? false : undefined
  return { kind: 'flag', initial, expects: 'on or off', read }
}

function choice<V extends string>(choices: readonly [V, ...V[]]): SettingKind<V> {
  const read = (value: SettingValue): V | undefined => choices.find((one) => one === value)
  return { kind: 'choice', initial: choices[0], choices, expects: choices.join(', '), read }
}

function text(
  initial: string,
  expects: string,
  isOne: (text: string) => boolean,
): SettingKind<string> {
  const read = (value: SettingValue): string | undefined =>
    typeof value === 'string' && isOne(value) ? value : undefined
  return { kind: 'text', initial, expects, read }
}

function quietDay(): SettingKind<string> {
  const isSpan = (value: string): boolean => parseQuietSpan(value) !== undefined
  return text(NIGHT, `a span as ${NIGHT}, or never`, isSpan)
}

function isName(name: string): boolean {
  return name.trim().length > 0 && name.isWellFormed() && [...name].length <= MAX_NAME_CHARACTERS
}

function isZone(name: string): boolean {
  return name === DEVICE_ZONE || openTimeZone(name) !== undefined
}
