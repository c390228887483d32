import { type DeviceDescription, KithError } from '@kithmesh/protocol'
import type { LinkAnswer, LinkOptions, YesForAWhile } from '../api.ts'

/** Message history waits this long for a device that was not near when it was linked (protocol: linking). */
const FAR_HISTORY_MS = 24 * 60 * 60 * 1000
const HOUR_MS = 60 * 60 * 1000
/** A session for longer than 30 days is no session. */
const MAX_HOURS = 720

/** What a person asked for, as it stands in the add. */
export interface TermsOfAdd {
  readonly rights: { readonly link: boolean }
  /** ms since 1970 UTC */
  readonly historyAt: number
  readonly expiresAt?: number
}

/** @throws ERR_LINK_TERMS for hours that are no whole number from 1 to 720 */
export function requireTerms({ temporary }: Pick<LinkOptions, 'temporary'>): void {
  if (temporary === undefined) return
  const { hours } = temporary
  if (Number.isInteger(hours) && hours >= 1 && hours <= MAX_HOURS) return
  throw new KithError('ERR_LINK_TERMS', `a session lasts 1 to ${MAX_HOURS} hours`)
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
  readonly answer: LinkAnswer | YesForAWhile | undefined
  readonly other: Pick<DeviceDescription, 'temporary'>
}): YesForAWhile['temporary'] | undefined {
  const answered = typeof answer === 'object' ? answer.temporary : asked.temporary
  requireTerms(answered === undefined ? {} : { temporary: answered })
  return answered ?? (other.temporary ? { hours: SESSION_HOURS } : undefined)
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
