/** What happened, in its order: the same seed gives the same lines, and so the same hash (SIM-1). */

import { createHash } from 'node:crypto'

/** Follows a world. */
export interface Trace {
  /** One thing that happened. `bytes`: what went over a wire or to a disk. */
  note(at: number, what: string, bytes?: Uint8Array): void
  /** The hash of everything so far, 16 hex digits. */
  hash(): string
}

/** A trace; `show` gets each line as it comes. */
export function createTrace(show?: (line: string) => void): Trace {
  const hash = createHash('sha256')
  let pending = ''
  const flush = (): void => {
    hash.update(pending)
    pending = ''
  }
  return {
    note: (at, what, bytes) => {
      pending += `${at} ${what}\n`
      if (bytes !== undefined) {
        flush()
        hash.update(bytes)
      } else if (pending.length > 4096) flush()
      show?.(`${at.toFixed(0).padStart(9)} ${what}`)
    },
    hash: () => {
      flush()
      return hash.copy().digest('hex').slice(0, 16)
    },
  }
}
