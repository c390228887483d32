/** What a watch looks at; a test makes its own. */
export interface NetworkView {
  /** Wall-clock ms. It goes on while a machine sleeps; the monotonic clock of most systems does not. */
  now(): number
  /** Addresses of this machine that others could reach, as text. */
  addresses(): string
}

/** How often it looks: an address that changed is noticed within this time. */
export const LOOK_MS = 2_000

/**
 * A look that comes this much later than it should: the machine slept, the process was stopped, or somebody set
 * the clock. Whichever it was, connections are asked for, which costs little.
 */
const SLEPT_MS = 4_000

/**
 * So many changes are told one after the other, as when one address goes and another comes; then one in so many
 * looks. Interfaces of containers come and go in dozens.
 */
const BURST = 3
const LOOKS_EACH = 5

/** Looks again and again; a look says whether something changed that matters (rule NET-54). */
export function createNetworkWatch(view: NetworkView): () => boolean {
  let before = view.addresses()
  let looked = view.now()
  let left = BURST
  let isOwed = false
  return () => {
    const now = view.now()
    const addresses = view.addresses()
    const slept = now - looked > LOOK_MS + SLEPT_MS
    const isChanged = addresses !== before
    looked = now
    before = addresses
    isOwed ||= isChanged
    left = Math.min(BURST, left + 1 / LOOKS_EACH)
    if (!slept && (!isOwed || left < 1)) return false
    // what is not told now is told later, and sleep always
    isOwed = false
    left -= 1
    return true
  }
}
