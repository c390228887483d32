/**
 * Proof that a device wrote two entries in one place: it was cloned, restored from a backup, or stolen
 * (LOG-6). It stands by itself: whoever holds the account id can check it.
 */

import { type Codec, codec } from '../codec/codec.ts'
import { accountId, deviceId, entryId } from '../codec/id-shapes.ts'
import { record } from '../codec/shape.ts'
import { isKithError } from '../errors.ts'
import type { AccountId, DeviceId, EntryId } from '../ids.ts'
import { isChainEntry, type ReadEntry, readEntry, signatureFault } from './log-check.ts'
import { MAX_ENTRY_BYTES, type SignedEntry, signedEntryShape } from './log-entry.ts'

/** Two signed entries of one device with one predecessor. */
export interface ForkProof {
  readonly account: AccountId
  readonly device: DeviceId
  readonly prev: EntryId
  readonly one: SignedEntry
  readonly other: SignedEntry
}

/** Fork proofs, to keep and to export. Reading one proves nothing: ask {@link verifyForkProof}. */
export const forkProofCodec: Codec<ForkProof> = codec(
  record({
    account: accountId,
    device: deviceId,
    prev: entryId,
    one: signedEntryShape,
    other: signedEntryShape,
  }),
  { maxBytes: 128 + 2 * MAX_ENTRY_BYTES },
)

/** A fork proof in a file, and whether it holds; undefined when the file is none. */
export function readForkProof(
  file: Uint8Array,
): { readonly proof: ForkProof; readonly holds: boolean } | undefined {
  try {
    const proof = forkProofCodec.decode(file)
    return { proof, holds: verifyForkProof(proof) }
  } catch (error) {
    if (isKithError(error)) return undefined
    throw error
  }
}

/** Whether the device of `proof` signed two different entries with one predecessor. */
export function verifyForkProof(proof: ForkProof): boolean {
  try {
    const one = readEntry(proof.account, proof.one)
    const other = readEntry(proof.account, proof.other)
    return one.id !== other.id && isOfProof(one, proof) && isOfProof(other, proof)
  } catch (error) {
    if (isKithError(error)) return false
    throw error
  }
}

function isOfProof(entry: ReadEntry, { device, prev }: ForkProof): boolean {
  if (!isChainEntry(entry)) return false
  const { body } = entry
  if (body.author !== device || body.prev !== prev) return false
  return signatureFault(entry, undefined) === undefined
}
