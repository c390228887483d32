/**
 * Messages that were passed over (Double Ratchet §2.6, §3.5). Their keys are made in two steps: what arrives is
 * opened first, so that a forged header costs one HMAC for each number it leaves out, and keeps nothing.
 */

import { type Chain, stepChain } from './chain.ts'
import type { Primitives } from './primitives.ts'
import { MAX_SKIPPED_PER_CHAIN, type SkippedAge, type SkippedKey } from './skipped-keys.ts'

/** Messages of one chain that are still on the way. */
export interface PassedOver extends SkippedAge {
  readonly ratchetKey: Uint8Array
  readonly from: Chain
  /** Number of the first that is not one of them. */
  readonly until: number
}

/** What stands between the receiving chain and message `until`; undefined when that is too much. */
export function passOver(
  { receiving, theirs }: { readonly receiving?: Chain; readonly theirs?: Uint8Array },
  until: number,
  age: SkippedAge,
): readonly PassedOver[] | undefined {
  if (receiving === undefined || theirs === undefined || until <= receiving.number) return []
  if (until - receiving.number > MAX_SKIPPED_PER_CHAIN) return undefined
  return [{ ratchetKey: theirs, from: receiving, until, ...age }]
}

/** The keys of all of them (SkipMessageKeys of §3.5). */
export async function keysOfPassed(
  { from, until, ...named }: PassedOver,
  primitives: Primitives,
): Promise<readonly SkippedKey[]> {
  const keys: SkippedKey[] = []
  let chain = from
  while (chain.number < until) {
    const { messageKey, next } = await stepChain(chain, primitives)
    keys.push({ ...named, number: chain.number, messageKey })
    chain = next
  }
  return keys
}
