/** Every code this package throws; the README says of each when, why and what to do. */
export type RelayErrorCode =
  | 'ERR_USAGE'
  | 'ERR_ABORTED'
  | 'ERR_HOME_HELD'
  | 'ERR_HOME_UNUSABLE'
  | 'ERR_KEY_MALFORMED'
  | 'ERR_CERTIFICATE'
  | 'ERR_LIMITS'
  | 'ERR_ALLOW_LIST'
  | 'ERR_OWNER'
  | 'ERR_OWNED'
  | 'ERR_BACKUP'
  | 'ERR_INSTALL'
  | 'ERR_LISTEN'
  | 'ERR_RELAY_NOT_RUNNING'
  | 'ERR_TIMEOUT'

/** What may stand beside a code. */
export interface RelayErrorOptions extends ErrorOptions {
  /** One sentence for a person: what to do now. */
  readonly hint?: string
}

/** A failure of the relay with a stable code. Never holds a peer id of somebody else. */
export class RelayError extends Error {
  readonly code: RelayErrorCode
  readonly hint: string | undefined

  constructor(code: RelayErrorCode, message: string, options: RelayErrorOptions = {}) {
    super(message, options)
    this.name = 'RelayError'
    this.code = code
    this.hint = options.hint
  }

  /** As the commands print it. */
  toJSON(): { readonly code: string; readonly message: string; readonly hint: string } {
    return { code: this.code, message: this.message, hint: this.hint ?? '' }
  }
}

/** Whether `value` is a {@link RelayError}, and one of `code` when given. */
export function isRelayError(value: unknown, code?: RelayErrorCode): value is RelayError {
  return value instanceof RelayError && (code === undefined || value.code === code)
}

/** The text of whatever was thrown, for a person. */
export function reasonOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown)
}

/** The code Node gives an error of the system (`EADDRINUSE`), when it is one. */
export function systemCodeOf(thrown: unknown): string | undefined {
  if (!(thrown instanceof Error) || !('code' in thrown)) return undefined
  return typeof thrown.code === 'string' ? thrown.code : undefined
}
