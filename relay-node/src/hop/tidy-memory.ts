import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

/** What tells whether a relay is busy now. */
export interface Load {
  readonly connections: number
  /** Bytes forwarded since the start. */
  readonly bytes: number
}

const AFTER_START_MS = 2_000
const LOOK_MS = 60_000
/** So many more than were there when it was last tidied, and a tenth of those, have left something behind. */
const MANY = 100

/**
 * Gives memory back to the machine, which V8 would keep for hours: some 15 MB that starting left behind, and
 * what a busy time did when most of its connections are gone, and what many handshakes left when many have come, as
 * much again as what a connection needs (RLY-67, RLY-87). Collecting everything takes a tenth of a
 * second, so only when nobody is there, or nothing was forwarded and no more came for a minute.
 *
 * @returns ends it
 */
export function keepMemorySmall(load: () => Load, collect: () => void = collector()): () => void {
  let isDue = true
  let most = 0
  let tidied = 0
  let here = 0
  let before = load().bytes
  const look = (): void => {
    const { connections, bytes } = load()
    most = Math.max(most, connections)
    isDue ||= connections * 4 < most || connections > 1.1 * tidied + MANY
    const isQuiet = connections === 0 || (bytes === before && connections <= here)
    before = bytes
    here = connections
    if (!isDue || !isQuiet) return
    isDue = false
    most = connections
    tidied = connections
    collect()
  }
  const first = setTimeout(() => {
    if (load().connections === 0) look()
  }, AFTER_START_MS).unref()
  const timer = setInterval(look, LOOK_MS).unref()
  return () => {
    clearTimeout(first)
    clearInterval(timer)
  }
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
