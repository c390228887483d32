import type { ReactNode } from 'react'

/** The time of a day. */
export function ClockTime({ at }: { readonly at: number }): ReactNode {
  return <time dateTime={new Date(at).toISOString()}>{time.format(at)}</time>
}

/** A day and a time. */
export function DateAndTime({ at }: { readonly at: number }): ReactNode {
  return <time dateTime={new Date(at).toISOString()}>{dateTime.format(at)}</time>
}

/** The day a message belongs under. */
export function dayOf(at: number): string {
  return day.format(at)
}

/** A day of this year or the next, for what ends then. */
export function dayAndMonth(at: number): string {
  return shortDay.format(at)
}

const shortDay = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short' })
const time = new Intl.DateTimeFormat(undefined, { timeStyle: 'short' })
const day = new Intl.DateTimeFormat(undefined, { dateStyle: 'full' })
const dateTime = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' })
