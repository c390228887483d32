/**
 * Entries of a device log: what they say and how they stand in bytes. log-authoring.ts writes them,
 * log-check.ts checks one by itself, device-log.ts says which of them count.
 */

import { sha256 } from '@noble/hashes/sha2.js'
import { type Codec, codec } from '../codec/codec.ts'
import { accountId, deviceId, entryId } from '../codec/id-shapes.ts'
import {
  bool,
  bytes,
  list,
  optional,
  record,
  type Shape,
  suited,
  uint,
  variants,
} from '../codec/shape.ts'
import {
  type AccountId,
  accountIdFromBytes,
  type DeviceId,
  type EntryId,
  entryIdFromBytes,
} from '../ids.ts'
import { RECOVERY_KEY_BYTES } from './account-root.ts'
import { domainBytes, type Purpose } from './domain.ts'
import { KEY_BYTES, SIGNATURE_BYTES } from './keys.ts'

/** Ed25519, SHA-256, deterministic CBOR: the only suite so far. */
const ENTRY_SUITE = 1
/** The longest body is a genesis: a recovery key and two keys more. */
const MAX_BODY_BYTES = 1536
/** Entries of one log (LOG-12): what a phone verifies in seconds and a stream carries in one frame. */
export const MAX_LOG_ENTRIES = 4096
/** A whole log, in bytes (LOG-12). */
export const MAX_LOG_BYTES: number = 1 << 20

/** An entry as it is kept and sent. Its id is the hash of its body. */
export interface SignedEntry {
  /** Deterministic CBOR of an {@link EntryBody}. */
  readonly body: Uint8Array
  /** The author's, or for a genesis the root key's; 64 bytes. */
  readonly signature: Uint8Array
  /** Of the device that is taken in; 64 bytes. */
  readonly countersignature?: Uint8Array
}

/** The rights a device was taken in with. */
export interface DeviceRights {
  /** It may take in others. */
  readonly link: boolean
}

/** The first entry: the account's root and its first device. */
export interface GenesisBody {
  readonly kind: 'genesis'
  /** Root Ed25519 key. */
  readonly root: Uint8Array
  /** X-Wing key, 1,216 bytes. */
  readonly recoveryKey: Uint8Array
  readonly device: DeviceId
  /** ms since 1970 UTC */
  readonly at: number
}

/** One device takes another into the account. */
export interface AddBody {
  readonly kind: 'add'
  readonly account: AccountId
  readonly author: DeviceId
  readonly prev: EntryId
  readonly device: DeviceId
  readonly rights: DeviceRights
  /** Message history is served to the device from then on, ms since 1970 UTC. */
  readonly historyAt: number
  /** The device is in until then, ms since 1970 UTC. */
  readonly expiresAt?: number
  readonly at: number
}

/** A device puts one that descends from it out of the account, with all it had taken in. */
export interface RevokeBody {
  readonly kind: 'revoke'
  readonly account: AccountId
  readonly author: DeviceId
  readonly prev: EntryId
  /** The add that is revoked: a device is its add, not its key (LOG-3). */
  readonly target: EntryId
  readonly at: number
}

/** What an entry says. */
export type EntryBody = GenesisBody | AddBody | RevokeBody

const bodyShape: Shape<EntryBody> = suited(
  ENTRY_SUITE,
  variants('kind', {
    genesis: record({
      root: bytes({ length: KEY_BYTES }),
      recoveryKey: bytes({ length: RECOVERY_KEY_BYTES }),
      device: deviceId,
      at: uint(),
    }),
    add: record({
      account: accountId,
      author: deviceId,
      prev: entryId,
      device: deviceId,
      rights: record({ link: bool() }),
      historyAt: uint(),
      expiresAt: optional(uint()),
      at: uint(),
    }),
    revoke: record({
      account: accountId,
      author: deviceId,
      prev: entryId,
      target: entryId,
      at: uint(),
    }),
  }),
)

/** Bodies of entries. */
export const entryBodyCodec: Codec<EntryBody> = codec(bodyShape, { maxBytes: MAX_BODY_BYTES })

/** One signed entry, for records that hold some. */
export const signedEntryShape: Shape<SignedEntry> = record({
  body: bytes({ max: MAX_BODY_BYTES }),
  signature: bytes({ length: SIGNATURE_BYTES }),
  countersignature: optional(bytes({ length: SIGNATURE_BYTES })),
})

/** An entry with its two signatures and what CBOR puts around them, in bytes. */
export const MAX_ENTRY_BYTES: number = MAX_BODY_BYTES + 256

/** One signed entry. */
export const signedEntryCodec: Codec<SignedEntry> = codec(signedEntryShape, {
  maxBytes: MAX_ENTRY_BYTES,
})

/** A whole log, or part of one, in any order. */
export const deviceLogCodec: Codec<readonly SignedEntry[]> = codec(
  list(signedEntryShape, { max: MAX_LOG_ENTRIES }),
  { maxBytes: MAX_LOG_BYTES },
)

/** The id of the entry with this body (LOG-1). */
export function entryIdOfBody(body: Uint8Array): EntryId {
  return entryIdFromBytes(hash('entry id', body))
}

/** The id of the account that this genesis makes (LOG-1). */
export function accountIdOfGenesis(genesis: SignedEntry): AccountId {
  return accountIdFromBytes(hash('account id', genesis.body))
}

function hash(purpose: Purpose, body: Uint8Array): Uint8Array {
  return sha256(domainBytes(purpose, body))
}
