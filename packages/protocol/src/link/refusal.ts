/** How an attempt to link or to exchange contacts ends when it does not succeed: by one code, on both sides. */

/** Codes one side may tell the other. What is not among them is read as ERR_MALFORMED. */
const REFUSAL_CODES = [
  'ERR_CODE_EXPIRED',
  'ERR_CODE_USED',
  'ERR_CODE_WRONG_SECRET',
  'ERR_LINK_ACCOUNT',
  'ERR_LINK_ALREADY',
  'ERR_LINK_ATTEMPTS',
  'ERR_LINK_BUSY',
  'ERR_LINK_CLOSED',
  'ERR_LINK_DECLINED',
  'ERR_LINK_DIGITS',
  'ERR_LINK_FAR',
  'ERR_LINK_LIMIT',
  'ERR_LINK_ORDER',
  'ERR_LINK_REVOKED',
  'ERR_LINK_RIGHT',
  'ERR_LINK_SEAL',
  'ERR_LINK_SUSPENDED',
  'ERR_LINK_TIMEOUT',
  'ERR_MALFORMED',
  'ERR_SUITE_UNKNOWN',
] as const

/** Why an attempt ended. */
export type RefusalCode = (typeof REFUSAL_CODES)[number]

/** The attempt is over, and nothing that is kept has changed. */
export interface Refused {
  readonly kind: 'refused'
  readonly code: RefusalCode
  /** Tells the other side; nothing when it was the other side that refused. */
  readonly send?: Uint8Array
}

/** The code in a refusal that came from outside. */
export function refusalCodeOf(text: string): RefusalCode {
  return REFUSAL_CODES.find((code) => code === text) ?? 'ERR_MALFORMED'
}
