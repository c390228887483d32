/**
 * MKSKIPPED of the Double Ratchet (§2.6, §3.2, §8.4): keys of messages that are still on the way. Bounded in
 * number and in age, so that neither a hostile peer nor a lost message keeps keys for ever (SES-12).
 */

import { equalBytes } from '../codec/bytes.ts'
import { bytes, list, record, type Shape, uint } from '../codec/shape.ts'

/** The key of one message that was passed over. */
export interface SkippedKey {
  /** The sender's ratchet key, which names the chain. */
  readonly ratchetKey: Uint8Array
  /** The message's number in the chain. */
  readonly number: number
  readonly messageKey: Uint8Array
  /** When it was passed over: milliseconds since 1970 UTC. */
  readonly at: number
  /** How many messages the session had opened by then. */
  readonly opened: number
}

/** Oldest first. */
export type SkippedKeys = readonly SkippedKey[]

/** MAX_SKIP (Double Ratchet §3.1): as many as a peer can make us compute and keep by one message. */
export const MAX_SKIPPED_PER_CHAIN = 1000
/** All chains together: about 200 kB of a stored session at worst. */
export const MAX_SKIPPED = 2000
/** A message that is still missing after so many later ones is not expected any more. */
export const MAX_SKIPPED_AGE_OPENED = 4000
/** Nor after that long: the time an undelivered message is kept for (protocol.md §5). */
export const MAX_SKIPPED_AGE_MS: number = 30 * 86_400_000

/** The moment by which age is told. */
export interface SkippedAge {
  readonly at: number
  readonly opened: number
}

/** The key of one message and what is left without it. */
export function takeSkipped(
  skipped: SkippedKeys,
  { ratchetKey, number }: { readonly ratchetKey: Uint8Array; readonly number: number },
): { readonly messageKey: Uint8Array; readonly rest: SkippedKeys } | undefined {
  const found = skipped.find(
    (key) => key.number === number && equalBytes(key.ratchetKey, ratchetKey),
  )
  if (found === undefined) return undefined
  return { messageKey: found.messageKey, rest: skipped.filter((key) => key !== found) }
}

/** Whether any key of a chain is kept. */
export function isChainSkipped(skipped: SkippedKeys, ratchetKey: Uint8Array): boolean {
  return skipped.some((key) => equalBytes(key.ratchetKey, ratchetKey))
}

/** With further keys of one chain; what is over a limit goes, oldest first. */
export function addSkipped(skipped: SkippedKeys, added: SkippedKeys): SkippedKeys {
  const ratchetKey = added[0]?.ratchetKey
  if (ratchetKey === undefined) return skipped
  const all = [...skipped, ...added]
  const chain = all.filter((key) => equalBytes(key.ratchetKey, ratchetKey))
  const over = new Set(chain.slice(0, -MAX_SKIPPED_PER_CHAIN))
  return all.filter((key) => !over.has(key)).slice(-MAX_SKIPPED)
}

/** Without the keys that are too old by `now`. */
export function dropOldSkipped(skipped: SkippedKeys, now: SkippedAge): SkippedKeys {
  const isYoung = (key: SkippedKey): boolean =>
    now.at - key.at < MAX_SKIPPED_AGE_MS && now.opened - key.opened < MAX_SKIPPED_AGE_OPENED
  return skipped.every(isYoung) ? skipped : skipped.filter(isYoung)
}

/** Shape of {@link SkippedKeys}. */
export const skippedKeysShape: Shape<SkippedKeys> = list(
  record({
    ratchetKey: bytes({ length: 32 }),
    number: uint(),
    messageKey: bytes({ length: 32 }),
    at: uint(),
    opened: uint(),
  }),
  { max: MAX_SKIPPED },
)
