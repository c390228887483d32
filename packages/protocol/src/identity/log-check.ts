/** The check of one entry by itself: can it be read, is it of this account, do its signatures hold. */

import { type ErrorCode, KithError } from '../errors.ts'
import { type AccountId, type DeviceId, type EntryId, publicKeyOfDevice } from '../ids.ts'
import { domainBytes, type Purpose } from './domain.ts'
import { isEnrollableKey, verifySignature } from './keys.ts'
import {
  accountIdOfGenesis,
  type ChainBody,
  type EntryBody,
  entryBodyCodec,
  entryIdOfBody,
  type GenesisBody,
  type RecoverBody,
  type SignedEntry,
} from './log-entry.ts'

/** An entry read but not yet checked. */
export interface ReadEntry {
  readonly id: EntryId
  readonly signed: SignedEntry
  readonly body: EntryBody
}

/** A genesis that was read. */
export interface GenesisEntry extends ReadEntry {
  readonly body: GenesisBody
}

/** A recovery that was read. */
export interface RecoverEntry extends ReadEntry {
  readonly body: RecoverBody
}

/** An entry of a device that was read. */
export interface ChainEntry extends ReadEntry {
  readonly body: ChainBody
}

export const isGenesisEntry = (entry: ReadEntry): entry is GenesisEntry =>
  entry.body.kind === 'genesis'

export const isRecoverEntry = (entry: ReadEntry): entry is RecoverEntry =>
  entry.body.kind === 'recover'

export const isChainEntry = (entry: ReadEntry): entry is ChainEntry => 'author' in entry.body

/** What is wrong with the keys and signatures of an entry; `root` is the account's, once it is known. */
export type SignatureCheck = (
  entry: ReadEntry,
  root: Uint8Array | undefined,
) => ErrorCode | undefined

/**
 * Reads one entry of `account`. Cheap: verifies nothing.
 *
 * @throws ERR_MALFORMED, ERR_SUITE_UNKNOWN, ERR_ENTRY_ACCOUNT
 */
export function readEntry(account: AccountId, signed: SignedEntry): ReadEntry {
  const body = entryBodyCodec.decode(signed.body)
  const its = body.kind === 'genesis' ? accountIdOfGenesis(signed) : body.account
  if (its !== account) throw new KithError('ERR_ENTRY_ACCOUNT', 'an entry of another account')
  return { id: entryIdOfBody(signed.body), signed, body }
}

/** The check of real signatures (LOG-2, ID-6). */
export const signatureFault: SignatureCheck = ({ body, signed }, root) => {
  switch (body.kind) {
    case 'genesis':
      if (!isEnrollableKey(body.root)) return 'ERR_KEY_REFUSED'
      if (!holds('device log root', body.root, signed)) return 'ERR_SIGNATURE'
      return takenInFault(body.device, signed)
    case 'recover':
      if (!body.keep.every(({ device }) => isEnrollableKey(publicKeyOfDevice(device)))) {
        return 'ERR_KEY_REFUSED'
      }
      if (root === undefined || !holds('device log recovery', root, signed)) return 'ERR_SIGNATURE'
      return takenInFault(body.device, signed)
    case 'add':
      return authorFault(body, signed) ?? takenInFault(body.device, signed)
    case 'revoke':
    case 'suspend':
    case 'leave':
    case 'readmit':
      if (signed.countersignature !== undefined) return 'ERR_MALFORMED'
      return authorFault(body, signed)
  }
}

function authorFault({ author }: ChainBody, signed: SignedEntry): ErrorCode | undefined {
  const isOfAuthor = holds('device log entry', publicKeyOfDevice(author), signed)
  return isOfAuthor ? undefined : 'ERR_SIGNATURE'
}

/** Nobody is taken in without agreeing, nor with a key that verifiers may disagree on. */
function takenInFault(device: DeviceId, signed: SignedEntry): ErrorCode | undefined {
  const { body, countersignature } = signed
  const key = publicKeyOfDevice(device)
  if (countersignature === undefined || !isEnrollableKey(key)) {
    return countersignature === undefined ? 'ERR_SIGNATURE' : 'ERR_KEY_REFUSED'
  }
  const agreed = domainBytes('device log countersignature', body)
  return verifySignature(key, agreed, countersignature) ? undefined : 'ERR_SIGNATURE'
}

function holds(purpose: Purpose, key: Uint8Array, { body, signature }: SignedEntry): boolean {
  return verifySignature(key, domainBytes(purpose, body), signature)
}
