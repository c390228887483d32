import { type DeviceDescription, KithError } from '@kithmesh/protocol'
import type { HistoryChoice } from '../api/history.ts'
import type { LinkAnswer, LinkOptions, YesOnTerms } from '../api/linking.ts'

/** Message history waits this long for a device that was not near when it was linked (protocol: linking). */
const FAR_HISTORY_MS = 24 * 60 * 60 * 1000
const HOUR_MS = 60 * 60 * 1000
const DAY_MS = 24 * HOUR_MS
/** A session for longer than 30 days is no session. */
const MAX_HOURS = 720

/** What a person asked for, as it stands in the add. */
export interface TermsOfAdd {
  readonly rights: { readonly link: boolean }
  /** ms since 1970 UTC */
  readonly historyAt: number
  readonly expiresAt?: number
}

/** A hundred years: whoever means all says so. */
const MAX_DAYS = 36_500

/**
 * @throws ERR_LINK_TERMS for hours that are no whole number from 1 to 720, or days that are none from 1 to
 * 36,500
 */
export function requireTerms({
  temporary,
  history,
}: Pick<LinkOptions, 'temporary' | 'history'>): void {
  if (history !== undefined) requireDays(history)
  if (temporary === undefined) return
  const { hours } = temporary
  if (Number.isInteger(hours) && hours >= 1 && hours <= MAX_HOURS) return
  throw new KithError('ERR_LINK_TERMS', `a session lasts 1 to ${MAX_HOURS} hours`)
}

function requireDays(history: HistoryChoice): void {
  if (typeof history === 'string') return
  const { days } = history
  if (Number.isInteger(days) && days >= 1 && days <= MAX_DAYS) return
  throw new KithError('ERR_LINK_TERMS', `history is for 1 to ${MAX_DAYS} days`)
}

/**
 * From when on a device gets messages, ms since 1970 UTC; undefined when it gets all (HIS-8).
 *
 * @throws ERR_LINK_TERMS
 */
export function sinceOf(history: HistoryChoice, now: number): number | undefined {
  requireDays(history)
  if (history === 'all') return undefined
  return history === 'none' ? now : Math.max(1, now - history.days * DAY_MS)
}

/** A device that leaves nothing behind stays so long when nobody said how long. */
const SESSION_HOURS = 12

/**
 * For how long a device is linked; undefined when it stays. What the person answered counts, then what was
 * asked for; what says that it is temporary never stays (LNK-21).
 *
 * @throws ERR_LINK_TERMS
 */
export function sessionTime({
  asked,
  answer,
  other,
}: {
  readonly asked: Pick<LinkOptions, 'temporary'>
  readonly answer: LinkAnswer | YesOnTerms | undefined
  readonly other: Pick<DeviceDescription, 'temporary'>
}): YesOnTerms['temporary'] | undefined {
  const answered = answeredTerms(answer).temporary ?? asked.temporary
  requireTerms(answered === undefined ? {} : { temporary: answered })
  return answered ?? (other.temporary ? { hours: SESSION_HOURS } : undefined)
}

/** How far back a device gets messages: what the person answered, then what was asked for, else all (HIS-8). */
export function historyOf({
  asked,
  answer,
}: {
  readonly asked: Pick<LinkOptions, 'history'>
  readonly answer: LinkAnswer | YesOnTerms | undefined
}): HistoryChoice {
  return answeredTerms(answer).history ?? asked.history ?? 'all'
}

function answeredTerms(answer: LinkAnswer | YesOnTerms | undefined): YesOnTerms {
  return typeof answer === 'object' ? answer : {}
}

/** The terms of a device that is linked now. */
export function termsAt(
  now: number,
  { distance, temporary }: Pick<LinkOptions, 'temporary'> & { readonly distance: 'near' | 'far' },
): TermsOfAdd {
  const historyAt = distance === 'near' ? 0 : now + FAR_HISTORY_MS
  if (temporary === undefined) return { rights: { link: true }, historyAt }
  return { rights: { link: false }, historyAt, expiresAt: now + temporary.hours * HOUR_MS }
}
