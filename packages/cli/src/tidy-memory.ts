/** Memory that starting leaves behind, given back to the machine: V8 would keep it for minutes. */

import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

/** By then a device has reached its siblings, or waits for them. */
const AFTER_START_MS = 5_000

/** Collects everything once, soon after a start; it takes a twentieth of a second. */
export function tidyMemory(): void {
  setTimeout(() => collector()(), AFTER_START_MS).unref()
}

/** The garbage collector, which Node shows only to who asks for it by a flag of V8. */
function collector(): () => void {
  setFlagsFromString('--expose-gc')
  const gc: unknown = runInNewContext('gc')
  setFlagsFromString('--no-expose-gc')
  return () => {
    if (typeof gc === 'function') gc({ type: 'major', flavor: 'last-resort' })
  }
}
