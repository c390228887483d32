import { InvalidArgumentError } from 'commander'
import { oneLine } from './terminal-text.ts'

/** Longest name of a device or contact, in UTF-16 units. */
const NAME_MAX = 64

/** A name a person gives: one line, not empty, nothing a terminal acts on. */
export function parseName(value: string): string {
  const name = value.trim()
  if (name === '' || name.length > NAME_MAX || oneLine(name) !== name) {
    throw new InvalidArgumentError(`A name is one line of 1 to ${NAME_MAX} characters.`)
  }
  return name
}

/** Reads a whole number of `min` to `max`. */
export function wholeNumber(min: number, max: number): (value: string) => number {
  return (value) => {
    const number = /^\d{1,10}$/.test(value) ? Number(value) : Number.NaN
    if (number >= min && number <= max) return number
    throw new InvalidArgumentError(`Expected a whole number of ${min} to ${max}.`)
  }
}

/** How far back a device gets messages: 0 for none, undefined for all. */
export interface Days {
  readonly days: number | undefined
}

/** As far back as there is something. */
export const ALL: Days = { days: undefined }

/** `all`, `none`, or so many days. */
export function parseDays(value: string): Days {
  if (value === 'all') return ALL
  if (value === 'none') return { days: 0 }
  const days = /^\d{1,5}$/.test(value) ? Number(value) : 0
  if (days >= 1 && days <= 36_500) return { days }
  throw new InvalidArgumentError('Expected all, none, or a number of days from 1 to 36500.')
}

/** A time in ISO 8601, as the JSON has it; ms since 1970 UTC. */
export function parseTime(value: string): number {
  const time = Date.parse(value)
  if (Number.isSafeInteger(time) && time >= 0) return time
  throw new InvalidArgumentError('Expected a time, e.g. 2026-11-22T15:00:00.000Z.')
}

const UNITS_MS: ReadonlyMap<string, number> = new Map([
  ['min', 60_000],
  ['h', 3_600_000],
  ['d', 86_400_000],
  ['w', 604_800_000],
])

/** Reads a length of time as people say it, `8h` or `2d`, in ms. */
export function parseDuration(value: string): number {
  const [, count = '', unit = ''] = /^([1-9]\d{0,3})(min|h|d|w)$/.exec(value.trim()) ?? []
  const unitMs = UNITS_MS.get(unit)
  if (unitMs !== undefined) return Number(count) * unitMs
  throw new InvalidArgumentError('Expected a time as 30min, 8h, 2d or 1w.')
}

/** All values of an option that can be given more than once. */
export function several(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value]
}
