/** How often a passphrase may be tried (LOCK-6). Pure: whoever calls keeps the record. */

import { type Codec, codec, record, uint } from '@kithmesh/protocol'

/** Wrong tries in a row, and when the last one was. */
export interface Tries {
  readonly wrong: number
  /** ms since 1970 UTC, by the wall clock of this device */
  readonly at: number
}

/** Wrong tries that cost nothing: a person mistypes. */
const FREE_TRIES = 5
const FIRST_WAIT_MS = 1_000
const LONGEST_WAIT_MS = 15 * 60_000
/** From here on every wait is the longest. */
const MAX_DOUBLINGS = 10

/** No wrong tries since the last right one. */
export const NO_TRIES: Tries = { wrong: 0, at: 0 }

export const triesCodec: Codec<Tries> = codec(
  record({ wrong: uint(), at: uint() }) satisfies import('@kithmesh/protocol').Shape<Tries>,
  { maxBytes: 32 },
)

/**
 * The record as it counts now. A clock that was set back starts the wait anew: it never ends one
 * early, and a clock that once ran ahead does not lock the home for long.
 */
export function triesNow(tries: Tries, now: number): Tries {
  return tries.wrong > 0 && now < tries.at ? { ...tries, at: now } : tries
}

/** When the next try is allowed, in ms since 1970 UTC; 0 when it is at once. */
export function nextTryAt(tries: Tries): number {
  const wait = waitAfter(tries.wrong)
  return wait === 0 ? 0 : tries.at + wait
}

/** The record with one more wrong try. */
export function withTry(tries: Tries, now: number): Tries {
  return { wrong: tries.wrong + 1, at: now }
}

/** 1 s after the fifth wrong try, then doubling to 15 min. */
function waitAfter(wrong: number): number {
  if (wrong < FREE_TRIES) return 0
  const doublings = Math.min(wrong - FREE_TRIES, MAX_DOUBLINGS)
  return Math.min(FIRST_WAIT_MS * 2 ** doublings, LONGEST_WAIT_MS)
}
