/**
 * Quiet hours: a span for each weekday, on the wall clock of one zone or of wherever the device is
 * (ACC-22 to ACC-25). Pure functions over what the settings say.
 */

import { DAY_MS, type Moments, momentsOf, type TimeZone } from './time-zone.ts'

/** The days as their names stand in settings, from Sunday on. */
export const WEEKDAYS = [
  'sunday',
  'monday',
  'tuesday',
  'wednesday',
  'thursday',
  'friday',
  'saturday',
] as const

/** A day of the week. */
export type Weekday = (typeof WEEKDAYS)[number]

/** From one time of the day to another, in minutes after midnight; one not later ends the day after. */
export interface QuietSpan {
  readonly from: number
  readonly to: number
}

/** When a person wants to be left alone. */
export interface QuietHours {
  readonly on: boolean
  /** The span that begins on each day. */
  readonly days: Readonly<Record<Weekday, QuietSpan | undefined>>
}

const MINUTE_MS = 60_000
/** What a setting says for a day without quiet hours. */
const NEVER = 'never'
/** Spans that follow each other without a break and are counted as one: more than a week of them. */
const MAX_JOINED = 8

/** When the quiet that is now ends, ms since 1970 UTC; `undefined` when it is not quiet. */
export function quietUntil(hours: QuietHours, at: number, zone: TimeZone): number | undefined {
  if (!hours.on) return undefined
  let end = spanEnd(hours, at, zone)
  for (let joined = 1; end !== undefined && joined < MAX_JOINED; joined += 1) {
    const next = spanEnd(hours, end, zone)
    if (next === undefined || next <= end) break
    end = next
  }
  return end
}

/** The latest end of a span that holds at `at`. */
function spanEnd(hours: QuietHours, at: number, zone: TimeZone): number | undefined {
  const today = Math.floor((at + zone.offsetAt(at)) / DAY_MS)
  // One that crosses midnight began yesterday; where a clock skips a whole day, the day before that.
  const ends = [today - 2, today - 1, today]
    .flatMap((day) => spanOf(hours, day, zone) ?? [])
    .filter(({ first, last }) => first <= at && at < last)
    .map(({ last }) => last)
  return ends.length === 0 ? undefined : Math.max(...ends)
}

/**
 * The span that begins on a day. Where the clock is set back over one of its times it is as long as
 * can be: from the first time it shows the beginning to the last time it shows the end (ACC-24).
 */
function spanOf(hours: QuietHours, day: number, zone: TimeZone): Moments | undefined {
  const span = hours.days[weekdayOf(day)]
  if (span === undefined) return undefined
  const begin = day * DAY_MS + span.from * MINUTE_MS
  const isOverMidnight = span.to <= span.from
  const end = (isOverMidnight ? day + 1 : day) * DAY_MS + span.to * MINUTE_MS
  return { first: momentsOf(begin, zone).first, last: momentsOf(end, zone).last }
}

/** The weekday of a day, in days since 1970, which began on a Thursday. */
function weekdayOf(day: number): Weekday {
  return WEEKDAYS[(((day + 4) % 7) + 7) % 7] ?? 'sunday'
}

/** A span as a setting says it: `22:00-07:00`, or `never`. `undefined`: neither. */
export function parseQuietSpan(text: string): QuietSpan | 'never' | undefined {
  if (text === NEVER) return NEVER
  const found = /^([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)$/.exec(text)
  if (found === null) return undefined
  const [fromHour = 0, fromMinute = 0, toHour = 0, toMinute = 0] = found.slice(1).map(Number)
  return { from: fromHour * 60 + fromMinute, to: toHour * 60 + toMinute }
}
