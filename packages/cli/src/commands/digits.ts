/** The six digits of linking, as a person compares them. */

import type { Io } from '../io.ts'
import type { LinkAnswer } from '../local/local-protocol.ts'

/** Three and three: easier to read out. */
export function grouped(digits: string): string {
  return `${digits.slice(0, 3)} ${digits.slice(3)}`
}

/** Asks whether both screens show the same; a plain no says that they do not. */
export async function askWhetherSame(io: Io, signal: AbortSignal): Promise<LinkAnswer> {
  const answer = await io.ask('Same digits on both screens? [y/N] ', { signal })
  const said = answer?.trim() ?? ''
  if (/^y(es)?$/i.test(said)) return true
  return /^no?$/i.test(said) ? 'differ' : false
}
