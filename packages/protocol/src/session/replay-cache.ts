/**
 * Remembers which agreements were accepted, so that a replayed first message does not start its session
 * again (PQXDH §4.2 "Protocol replay"; from a published card there is no one-time prekey that would be gone). One cache per pair of
 * devices: an agreement is bound to its sender, so nobody can fill another's.
 */

import { equalBytes } from '../codec/bytes.ts'
import { bytes, list, record, type Shape, uint } from '../codec/shape.ts'

/** One accepted agreement. */
export interface AcceptedAgreement {
  readonly ephemeralKey: Uint8Array
  /** Of the prekeys it used: it is remembered as long as those are kept. */
  readonly prekeyNumber: number
}

/** Oldest first. */
export type ReplayCache = readonly AcceptedAgreement[]

/**
 * Agreements per pair of devices and prekey life: one reset an hour (protocol.md §4) for 37 days is 888.
 * A peer that starts more is refused till old prekeys are erased.
 */
const MAX_ACCEPTED_AGREEMENTS = 1024

/** Whether an agreement with this ephemeral key was accepted before. */
export function isReplayed(cache: ReplayCache, ephemeralKey: Uint8Array): boolean {
  return cache.some((accepted) => equalBytes(accepted.ephemeralKey, ephemeralKey))
}

/** With one more agreement, or nothing when the cache is full. */
export function rememberAgreement(
  cache: ReplayCache,
  { ephemeralKey, prekeyNumber }: AcceptedAgreement,
): ReplayCache | undefined {
  if (cache.length >= MAX_ACCEPTED_AGREEMENTS) return undefined
  return [...cache, { ephemeralKey, prekeyNumber }]
}

/** Without what cannot be replayed any more, because the prekeys it used are erased. */
export function forgetErased(
  cache: ReplayCache,
  kept: readonly { readonly number: number }[],
): ReplayCache {
  const numbers = new Set(kept.map(({ number }) => number))
  return cache.filter(({ prekeyNumber }) => numbers.has(prekeyNumber))
}

/** Shape of a {@link ReplayCache}. */
export const replayCacheShape: Shape<ReplayCache> = list(
  record({ ephemeralKey: bytes({ length: 32 }), prekeyNumber: uint() }),
  { max: MAX_ACCEPTED_AGREEMENTS },
)
