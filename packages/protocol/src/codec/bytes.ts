/** Small questions about byte arrays, asked everywhere. */

/** Whether two byte arrays hold the same bytes. Leaks where they differ: for public bytes only. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false
  // Loops, in steps of four where it pays: whole backlogs are compared, and every input that is decoded.
  const inWords = a.length < WORTH_WORDS ? 0 : equalWords(a, b)
  for (let at = inWords; at < a.length; at++) if (a[at] !== b[at]) return false
  return true
}

/** Below this, two views cost more than they save. */
const WORTH_WORDS = 128

/** Compares four bytes at a time; answers where a difference or the last incomplete word begins. */
function equalWords(a: Uint8Array, b: Uint8Array): number {
  const [ofA, ofB] = [viewOf(a), viewOf(b)]
  const end = a.length - (a.length % 4)
  let at = 0
  while (at < end && ofA.getInt32(at) === ofB.getInt32(at)) at += 4
  return at
}

function viewOf({ buffer, byteOffset, byteLength }: Uint8Array): DataView {
  return new DataView(buffer, byteOffset, byteLength)
}

/**
 * Whether two byte arrays hold the same bytes, taking the same time wherever they differ. For MACs
 * and secrets; only the lengths, which are public, decide early.
 */
export function equalSecrets(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false
  let difference = 0
  for (let at = 0; at < a.length; at++) difference |= (a[at] ?? 0) ^ (b[at] ?? 0)
  return difference === 0
}

/** Order of two byte arrays as in a dictionary: below zero when `a` comes first. */
export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const shared = Math.min(a.length, b.length)
  for (let at = 0; at < shared; at++) {
    const difference = (a[at] ?? 0) - (b[at] ?? 0)
    if (difference !== 0) return difference
  }
  return a.length - b.length
}
