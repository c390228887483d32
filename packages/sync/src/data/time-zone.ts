/**
 * Wall clocks of real places, from the tables that `Intl` brings along. A wall time is a number like a
 * time: ms since 1970, but as the clock on the wall shows them.
 */

/** A time zone by its name. */
export interface TimeZone {
  /** Name of the IANA database: `Europe/Berlin`. */
  readonly name: string
  /** What the wall clock shows more than UTC, in ms. `at`: ms since 1970 UTC. */
  offsetAt(at: number): number
}

/** When a wall clock shows a time: once, as a rule; twice when it is set back. */
export interface Moments {
  /** ms since 1970 UTC */
  readonly first: number
  /** ms since 1970 UTC; the same as `first` when it is shown once. */
  readonly last: number
}

/** One day of a clock that is not changed, in ms. */
export const DAY_MS = 86_400_000

/** Opens a zone; `undefined` for a name that this platform does not know. */
export function openTimeZone(name: string): TimeZone | undefined {
  const format = formatOf(name)
  if (format === undefined) return undefined
  return {
    name: format.resolvedOptions().timeZone,
    offsetAt: (at) => wallTimeIn(format, at) - Math.floor(at / 1000) * 1000,
  }
}

/** The zone this device is in now. */
export function deviceTimeZone(): string {
  return new Intl.DateTimeFormat().resolvedOptions().timeZone
}

/**
 * When the clock of a zone shows `wall`. A time that is left out, because the clock is set forward over
 * it, counts as the moment at which it is set.
 */
export function momentsOf(wall: number, zone: TimeZone): Moments {
  // No offset is larger than a day, and no place changes its clock twice in two.
  const [before, after] = [zone.offsetAt(wall - DAY_MS), zone.offsetAt(wall + DAY_MS)]
  const shown = [wall - before, wall - after].filter((at) => at + zone.offsetAt(at) === wall)
  if (shown.length > 0) return { first: Math.min(...shown), last: Math.max(...shown) }
  const change = changeBetween(wall - DAY_MS, wall + DAY_MS, zone)
  return { first: change, last: change }
}

/** The first second with another offset than `from` has. */
function changeBetween(from: number, to: number, zone: TimeZone): number {
  const before = zone.offsetAt(from)
  let [low, high] = [from, to]
  while (high - low > 1000) {
    const middle = low + Math.floor((high - low) / 2000) * 1000
    if (zone.offsetAt(middle) === before) low = middle
    else high = middle
  }
  return high
}

function formatOf(timeZone: string): Intl.DateTimeFormat | undefined {
  try {
    return new Intl.DateTimeFormat('en-u-ca-gregory-nu-latn', {
      timeZone,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    })
  } catch {
    return undefined
  }
}

function wallTimeIn(format: Intl.DateTimeFormat, at: number): number {
  const parts = new Map(format.formatToParts(at).map(({ type, value }) => [type, Number(value)]))
  const part = (type: Intl.DateTimeFormatPartTypes): number => parts.get(type) ?? 0
  const [year, month, day] = [part('year'), part('month') - 1, part('day')]
  return Date.UTC(year, month, day, part('hour'), part('minute'), part('second'))
}
