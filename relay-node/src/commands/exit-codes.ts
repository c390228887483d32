import { isRelayError, type RelayErrorCode } from '../errors.ts'

/** 0 ok · 1 failure · 2 usage · 3 not running · 4 timed out · 7 another process holds the home. */
const EXIT_CODES: Readonly<Partial<Record<RelayErrorCode, number>>> = {
  ERR_USAGE: 2,
  ERR_RELAY_NOT_RUNNING: 3,
  ERR_TIMEOUT: 4,
  ERR_HOME_HELD: 7,
}

/** The exit code that tells a script what kind of failure it was. */
export function exitCodeOf(failure: unknown): number {
  return isRelayError(failure) ? (EXIT_CODES[failure.code] ?? 1) : 1
}
