/** Writing entries of a device log. An add needs two signatures, so it is drafted first, then signed by both. */

import { deviceIdFromPublicKey } from '../ids.ts'
import { domainBytes } from './domain.ts'
import type { Signer } from './keys.ts'
import { type AddBody, entryBodyCodec, type RevokeBody, type SignedEntry } from './log-entry.ts'

/** What a genesis is made of. */
export interface GenesisDraft {
  readonly root: Signer
  /** X-Wing key, 1,216 bytes. */
  readonly recoveryKey: Uint8Array
  readonly device: Signer
  /** ms since 1970 UTC */
  readonly at: number
}

/** The first entry of an account, signed by its root and by its first device. */
export async function createGenesis(draft: GenesisDraft): Promise<SignedEntry> {
  const { root, recoveryKey, at } = draft
  const device = deviceIdFromPublicKey(draft.device.publicKey)
  const body = entryBodyCodec.encode({
    kind: 'genesis',
    root: root.publicKey,
    recoveryKey,
    device,
    at,
  })
  const signature = await root.sign(domainBytes('device log root', body))
  return { body, signature, countersignature: await countersignAdd(body, draft.device) }
}

/** The body of an add: what both devices then sign. */
export function draftAdd(draft: Omit<AddBody, 'kind'>): Uint8Array {
  return entryBodyCodec.encode({ kind: 'add', ...draft })
}

/** The signature of the device that is taken in. */
export function countersignAdd(body: Uint8Array, device: Signer): Promise<Uint8Array> {
  return device.sign(domainBytes('device log countersignature', body))
}

/** An add, signed by the device that takes in. */
export async function signAdd(
  body: Uint8Array,
  author: Signer,
  countersignature: Uint8Array,
): Promise<SignedEntry> {
  const signature = await author.sign(domainBytes('device log entry', body))
  return { body, signature, countersignature }
}

/** A revoke, signed by its author. */
export async function createRevoke(
  draft: Omit<RevokeBody, 'kind'>,
  author: Signer,
): Promise<SignedEntry> {
  const body = entryBodyCodec.encode({ kind: 'revoke', ...draft })
  return { body, signature: await author.sign(domainBytes('device log entry', body)) }
}
