/** Codes that `kith` adds to those of the device. Append, never rename. */
export type CommandCode =
  | 'ERR_AMBIGUOUS'
  | 'ERR_CODE_MALFORMED'
  | 'ERR_CONFIRMATION_NEEDED'
  | 'ERR_FAILED'
  | 'ERR_FILE'
  | 'ERR_HOME_IN_USE'
  | 'ERR_INTERRUPTED'
  | 'ERR_LOCAL_BUSY'
  | 'ERR_LOCAL_MALFORMED'
  | 'ERR_LOCAL_TOO_LARGE'
  | 'ERR_LOCAL_VERSION'
  | 'ERR_LOCKED'
  | 'ERR_NOT_FOUND'
  | 'ERR_NOT_LINKED'
  | 'ERR_NOT_RUNNING'
  | 'ERR_NOT_VERIFIED'
  | 'ERR_PASSPHRASE_NEEDED'
  | 'ERR_SOCKET_OWNER'
  | 'ERR_SETTING'
  | 'ERR_TEXT'
  | 'ERR_TIMEOUT'
  | 'ERR_USAGE'

/** An error as it is printed and as it crosses the local socket. */
export interface Failure {
  readonly code: string
  readonly message: string
  /** The next thing to do. Undefined: the table of exit-codes.ts has one for the code. */
  readonly hint?: string
}

/** An error of `kith` itself, or of the device as the local socket told it. */
export class CommandError extends Error {
  readonly code: string
  readonly hint: string | undefined

  private constructor({ code, message, hint }: Failure) {
    super(message)
    this.name = 'CommandError'
    this.code = code
    this.hint = hint
  }

  /** An error of this package; `hint` where the table's would say too little. */
  static of(code: CommandCode, message: string, hint?: string): CommandError {
    return CommandError.from({ code, message, ...(hint === undefined ? {} : { hint }) })
  }

  /** An error that arrived as data. */
  static from(failure: Failure): CommandError {
    return new CommandError(failure)
  }
}

/**
 * Any thrown value as a failure. Errors of the device are known by their `code`, not by their class:
 * the commands never load the package that defines it, since that alone takes longer than they do.
 */
export function failureOf(thrown: unknown): Failure {
  if (!(thrown instanceof Error)) return { code: 'ERR_FAILED', message: String(thrown) }
  const code = 'code' in thrown && typeof thrown.code === 'string' ? thrown.code : ''
  const hint = 'hint' in thrown && typeof thrown.hint === 'string' ? thrown.hint : undefined
  return {
    // Node's own codes (ERR_INVALID_ARG_TYPE, EACCES …) are no contract of this program.
    code: isOwnCode(thrown, code) ? code : 'ERR_FAILED',
    message: thrown.message === '' ? thrown.name : thrown.message,
    ...(hint === undefined ? {} : { hint }),
  }
}

/** Names of the errors whose codes are a contract: of the mesh, of its network, of this package. */
const NAMES: readonly string[] = ['KithError', 'NetError', 'CommandError']

function isOwnCode(error: Error, code: string): boolean {
  return code.startsWith('ERR_') && NAMES.includes(error.name)
}
