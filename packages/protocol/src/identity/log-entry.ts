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
  mapped,
  optional,
  record,
  refuse,
  type Shape,
  suited,
  text,
  uint,
  variants,
} from '../codec/shape.ts'
import {
  type AccountId,
  accountIdFromBytes,
  type DeviceId,
  type EntryId,
  entryIdFromBytes,
  entryIdToBytes,
  publicKeyOfDevice,
} from '../ids.ts'
import { RECOVERY_KEY_BYTES } from './account-root.ts'
import { domainBytes, joinBytes, type Purpose } from './domain.ts'
import { KEY_BYTES, SIGNATURE_BYTES } from './keys.ts'

/** Ed25519, SHA-256, deterministic CBOR: the only suite so far. */
const ENTRY_SUITE = 1
/** The longest bodies are a genesis, with its recovery key, and a readmit that answers 32 suspends. */
const MAX_BODY_BYTES = 1536
/** All but the new first device that an account can hold at once. */
const MAX_KEPT = 7
/** More suspends of one place are answered by several readmits. */
export const MAX_ANSWERS = 32
/** Entries of one log (LOG-12): what a phone verifies in seconds and a stream carries in one frame. */
export const MAX_LOG_ENTRIES = 4096
/** A whole log, in bytes (LOG-12). */
export const MAX_LOG_BYTES: number = 1 << 20

/** Number of a recovery; a person recovers an account a few times in a life. */
const MAX_RECOVERIES: number = 2 ** 32 - 1

/** An entry as it is kept and sent. Its id is the hash of its body. */
export interface SignedEntry {
  /** Deterministic CBOR of an {@link EntryBody}. */
  readonly body: Uint8Array
  /** The author's, or for a genesis and a recover the root key's; 64 bytes. */
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

/** A device that a recovery keeps in the account. */
export interface KeptDevice {
  readonly device: DeviceId
  readonly rights: DeviceRights
}

/** The root begins the account's log anew: a new first device, and the devices it keeps (LOG-13). */
export interface RecoverBody {
  readonly kind: 'recover'
  readonly account: AccountId
  /** The genesis. */
  readonly prev: EntryId
  /** 1 for the first recovery; of several the highest number wins. */
  readonly number: number
  readonly device: DeviceId
  /** At most 7, each once, the new first device not among them. */
  readonly keep: readonly KeptDevice[]
  readonly at: number
}

/** A device puts one that descends from it out of the account, with all it had taken in. */
export interface RevokeBody {
  readonly kind: 'revoke'
  readonly account: AccountId
  readonly author: DeviceId
  readonly prev: EntryId
  /** The place that is revoked: a device is its add, not its key (LOG-3). */
  readonly target: EntryId
  readonly at: number
}

/** A device puts another out until somebody above that one answers (LOG-7). */
export interface SuspendBody {
  readonly kind: 'suspend'
  readonly account: AccountId
  readonly author: DeviceId
  readonly prev: EntryId
  /** The place that is suspended. */
  readonly target: EntryId
  readonly reason: 'lost' | 'idle'
  readonly at: number
}

/** A device suspends itself. */
export interface LeaveBody {
  readonly kind: 'leave'
  readonly account: AccountId
  readonly author: DeviceId
  readonly prev: EntryId
  readonly at: number
}

/** A device above a suspended one answers what keeps that one out (LOG-14). */
export interface ReadmitBody {
  readonly kind: 'readmit'
  readonly account: AccountId
  readonly author: DeviceId
  readonly prev: EntryId
  /** The place that is suspended. */
  readonly target: EntryId
  /** The suspends, leaves and revokes it answers, and no others; 1 to 32. */
  readonly answers: readonly EntryId[]
  readonly at: number
}

/** What an entry says. */
export type EntryBody =
  | GenesisBody
  | RecoverBody
  | AddBody
  | RevokeBody
  | SuspendBody
  | LeaveBody
  | ReadmitBody

/** An entry that a device wrote, in its chain. */
export type ChainBody = Exclude<EntryBody, GenesisBody | RecoverBody>

const rights: Shape<DeviceRights> = record({ link: bool() })
const suspendReason: Shape<SuspendBody['reason']> = mapped(
  text({ max: 8 }),
  suspendReasonOf,
  suspendReasonOf,
)
/** What every entry of a device begins with. */
const inChain = { account: accountId, author: deviceId, prev: entryId }

const variantsOfBody: Shape<EntryBody> = variants('kind', {
  genesis: record({
    root: bytes({ length: KEY_BYTES }),
    recoveryKey: bytes({ length: RECOVERY_KEY_BYTES }),
    device: deviceId,
    at: uint(),
  }),
  recover: record({
    account: accountId,
    prev: entryId,
    number: uint({ max: MAX_RECOVERIES }),
    device: deviceId,
    keep: list(record({ device: deviceId, rights }), { max: MAX_KEPT }),
    at: uint(),
  }),
  add: record({
    ...inChain,
    device: deviceId,
    rights,
    historyAt: uint(),
    expiresAt: optional(uint()),
    at: uint(),
  }),
  revoke: record({ ...inChain, target: entryId, at: uint() }),
  suspend: record({
    ...inChain,
    target: entryId,
    reason: suspendReason,
    at: uint(),
  }),
  leave: record({ ...inChain, at: uint() }),
  readmit: record({
    ...inChain,
    target: entryId,
    answers: list(entryId, { max: MAX_ANSWERS }),
    at: uint(),
  }),
})

const bodyShape: Shape<EntryBody> = suited(
  ENTRY_SUITE,
  mapped(variantsOfBody, asWritten, asWritten),
)

function suspendReasonOf(word: string): SuspendBody['reason'] {
  if (word === 'lost' || word === 'idle') return word
  throw refuse('an unknown reason')
}

/** What no shape says: counts from one, and nothing named twice. */
function asWritten(body: EntryBody): EntryBody {
  if (body.kind === 'recover') {
    const devices = [body.device, ...body.keep.map(({ device }) => device)]
    if (body.number < 1 || hasTwins(devices)) throw refuse('a recovery that names a device twice')
  }
  if (body.kind === 'readmit' && (body.answers.length === 0 || hasTwins(body.answers))) {
    throw refuse('a readmit that answers nothing, or one thing twice')
  }
  return body
}

function hasTwins(ids: readonly string[]): boolean {
  return new Set(ids).size < ids.length
}

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

/** The id of the place that a recovery gives to a device it keeps: as an add's id is for others. */
export function keptPlaceId(recover: EntryId, device: DeviceId): EntryId {
  return entryIdFromBytes(
    hash('kept place', joinBytes(entryIdToBytes(recover), publicKeyOfDevice(device))),
  )
}

function hash(purpose: Purpose, body: Uint8Array): Uint8Array {
  return sha256(domainBytes(purpose, body))
}
