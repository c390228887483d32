/**
 * The one error of Kithmesh. What a caller may act on is the `code`: it never changes its meaning,
 * while messages and hints are for people and may. Every code is described in the README of the
 * package that throws it: when, why, what to do.
 */

/** Codes of this package and of the packages above it. Append, never rename. */
export type ErrorCode =
  // bytes and ids
  | 'ERR_MALFORMED'
  | 'ERR_TOO_LARGE'
  | 'ERR_SUITE_UNKNOWN'
  | 'ERR_ID_MALFORMED'
  // keys and words
  | 'ERR_KEY_REFUSED'
  | 'ERR_SIGNATURE'
  | 'ERR_WORDS'
  // device log
  | 'ERR_LOG_GENESIS'
  | 'ERR_LOG_LIMIT'
  | 'ERR_ENTRY_ACCOUNT'
  | 'ERR_ENTRY_AUTHOR'
  | 'ERR_ENTRY_CYCLE'
  | 'ERR_ENTRY_FORK'
  | 'ERR_ENTRY_PERIOD'
  | 'ERR_ENTRY_REVOKED'
  | 'ERR_ENTRY_RIGHT'
  | 'ERR_ENTRY_TWICE'
  | 'ERR_LOG_HEAD'
  | 'ERR_LOG_ORDER'
  | 'ERR_LOG_ROLLBACK'
  // codes and linking
  | 'ERR_CODE_MALFORMED'
  | 'ERR_CODE_VERSION'
  | 'ERR_CODE_KIND'
  | 'ERR_CODE_EXPIRED'
  | 'ERR_CODE_ROLE'
  | 'ERR_CODE_USED'
  | 'ERR_CODE_WRONG_SECRET'
  | 'ERR_LINK_ACCOUNT'
  | 'ERR_LINK_ALREADY'
  | 'ERR_LINK_ATTEMPTS'
  | 'ERR_LINK_BUSY'
  | 'ERR_LINK_DECLINED'
  | 'ERR_LINK_DIGITS'
  | 'ERR_LINK_FAR'
  | 'ERR_LINK_LIMIT'
  | 'ERR_LINK_ORDER'
  | 'ERR_LINK_REVOKED'
  | 'ERR_LINK_RIGHT'
  | 'ERR_LINK_SEAL'
  | 'ERR_LINK_SUSPENDED'
  | 'ERR_LINK_TERMS'
  | 'ERR_LINK_TIMEOUT'
  // sessions
  | 'ERR_CARD_EXPIRED'
  | 'ERR_CARD_SIGNATURE'
  | 'ERR_SESSION_CONTEXT'
  | 'ERR_SESSION_OPEN'
  | 'ERR_SESSION_PREKEY'
  | 'ERR_SESSION_REPLAY'
  | 'ERR_SESSION_SKIPPED'
  | 'ERR_SESSION_STATE'
  // home and store
  | 'ERR_HOME_IN_USE'
  | 'ERR_STORE_CLOSED'
  | 'ERR_STORE_CORRUPT'
  | 'ERR_STORE_OPEN'
  | 'ERR_STORE_READ'
  | 'ERR_STORE_WRITE'
  // app lock
  | 'ERR_KEYRING'
  | 'ERR_LOCKED'
  | 'ERR_LOCK_BACKOFF'
  | 'ERR_LOCK_NONE'
  | 'ERR_LOCK_SET'
  | 'ERR_LOCK_UNSUPPORTED'
  | 'ERR_PASSKEY'
  | 'ERR_PASSPHRASE'
  | 'ERR_PASSPHRASE_SIZE'
  // device
  | 'ERR_CONTACT_CHANGED'
  | 'ERR_DEVICE_OUT'
  | 'ERR_DEVICE_RIGHT'
  | 'ERR_DEVICE_SELF'
  | 'ERR_LINK_CLOSED'
  | 'ERR_NAME'
  | 'ERR_NO_ACCOUNT'
  | 'ERR_NOT_FOUND'
  | 'ERR_OUTBOX_FULL'
  | 'ERR_RELAYS'
  | 'ERR_RELAY_CLAIM'
  | 'ERR_SETTING'
  | 'ERR_STOPPED'
  | 'ERR_TEXT'
  // streams
  | 'ERR_STRANGER'
  | 'ERR_STREAM_ENDED'
  | 'ERR_TIMEOUT'
  | 'ERR_WINDOW'
  // recovery
  | 'ERR_RECOVERY_DECLINED'
  | 'ERR_RECOVERY_KEEP'
  | 'ERR_RECOVERY_SOURCE'
  | 'ERR_RECOVERY_UNKNOWN'
  | 'ERR_WORDS_GONE'
  | 'ERR_WORDS_TRIES'
  | 'ERR_WORDS_WRONG'
  // network
  | 'ERR_ADDRESS'
  | 'ERR_PROTOCOL_UNSUPPORTED'
  | 'ERR_UNREACHABLE'

/** What may stand beside a code. */
export interface KithErrorOptions {
  /** The error this one comes from. */
  readonly cause?: unknown
  /** One sentence for a person: what to do now. */
  readonly hint?: string
}

/**
 * An error with a stable code. Holds no secret, no plaintext and no full id of somebody else.
 *
 * @example
 * ```ts
 * try {
 *   parseLinkCode(pasted)
 * } catch (error) {
 *   if (!isKithError(error, 'ERR_CODE_MALFORMED')) throw error
 *   console.error('This is not a whole code. Copy it again.')
 * }
 * ```
 */
export class KithError extends Error {
  readonly code: ErrorCode
  /** What a person can do now, where there is something. */
  readonly hint: string | undefined

  constructor(code: ErrorCode, message: string, options: KithErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'KithError'
    this.code = code
    this.hint = options.hint
  }
}

/** Whether `value` is a {@link KithError}, of that code when one is given. */
export function isKithError(value: unknown, code?: ErrorCode): value is KithError {
  return value instanceof KithError && (code === undefined || value.code === code)
}
