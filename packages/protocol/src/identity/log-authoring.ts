/** Writing entries of a device log. An add needs two signatures, so it is drafted first, then signed by both. */

import { type AccountId, deviceIdFromPublicKey, type EntryId } from '../ids.ts'
import { domainBytes } from './domain.ts'
import type { Signer } from './keys.ts'
import {
  type AddBody,
  type EntryBody,
  entryBodyCodec,
  type KeptDevice,
  type LeaveBody,
  type ReadmitBody,
  type RevokeBody,
  type SignedEntry,
  type SuspendBody,
} from './log-entry.ts'

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

/** What a recovery is made of. */
export interface RecoverDraft {
  readonly account: AccountId
  readonly genesis: EntryId
  readonly root: Signer
  /** Above that of every recovery known: `state.recoveries + 1`. */
  readonly number: number
  /** The new first device. */
  readonly device: Signer
  /** Devices that stay; each counts once the log holds an entry it countersigned (LOG-13). */
  readonly keep: readonly KeptDevice[]
  /** ms since 1970 UTC */
  readonly at: number
}

/** A recovery, signed by the root and by the new first device. */
export async function createRecover(draft: RecoverDraft): Promise<SignedEntry> {
  const { account, genesis, number, keep, at } = draft
  const device = deviceIdFromPublicKey(draft.device.publicKey)
  const body = entryBodyCodec.encode({
    kind: 'recover',
    account,
    prev: genesis,
    number,
    device,
    keep,
    at,
  })
  const signature = await draft.root.sign(domainBytes('device log recovery', body))
  return { body, signature, countersignature: await countersignAdd(body, draft.device) }
}

/** A revoke, signed by its author. */
export function createRevoke(
  draft: Omit<RevokeBody, 'kind'>,
  author: Signer,
): Promise<SignedEntry> {
  return signed({ kind: 'revoke', ...draft }, author)
}

/** A suspend, signed by its author. */
export function createSuspend(
  draft: Omit<SuspendBody, 'kind'>,
  author: Signer,
): Promise<SignedEntry> {
  return signed({ kind: 'suspend', ...draft }, author)
}

/** A leave, signed by the device that leaves. */
export function createLeave(draft: Omit<LeaveBody, 'kind'>, author: Signer): Promise<SignedEntry> {
  return signed({ kind: 'leave', ...draft }, author)
}

/** A readmit, signed by its author. */
export function createReadmit(
  draft: Omit<ReadmitBody, 'kind'>,
  author: Signer,
): Promise<SignedEntry> {
  return signed({ kind: 'readmit', ...draft }, author)
}

async function signed(entry: EntryBody, author: Signer): Promise<SignedEntry> {
  const body = entryBodyCodec.encode(entry)
  return { body, signature: await author.sign(domainBytes('device log entry', body)) }
}
