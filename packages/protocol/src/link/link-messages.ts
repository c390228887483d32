/** What the two devices say to each other while linking, sealed but for the greeting. */

import { type Codec, codec } from '../codec/codec.ts'
import { accountId } from '../codec/id-shapes.ts'
import { bool, bytes, optional, record, text } from '../codec/shape.ts'
import { SIGNATURE_BYTES } from '../identity/keys.ts'
import { MAX_LOG_BYTES } from '../identity/log-entry.ts'
import type { AccountId } from '../ids.ts'
import { MAX_GREETING_BYTES } from './channel.ts'

/** Longest name of a device, in bytes of UTF-8. */
export const MAX_DEVICE_NAME_BYTES = 128
/** Longest device card, in bytes: an ML-KEM-768 key and a few of 32 bytes. */
const MAX_CARD_BYTES = 8192
/** Keys of all epochs still in use, in bytes: as many as a device keeps (1,024 of 256 bytes). */
const MAX_EPOCH_KEYS_BYTES = 1 << 18
/** The account's shared data, in bytes; a longer one is left out and comes by the account log. */
export const MAX_SNAPSHOT_BYTES: number = 1 << 20

/** How a new device describes itself. */
export interface DeviceDescription {
  readonly name: string
  /** `cli`, `browser`, … */
  readonly kind: string
  /** It lives in memory and ends with its process: whoever takes it in gives it a time (LNK-21). */
  readonly temporary?: boolean
}

/** A name and a kind of device. */
export const descriptionCodec: Codec<DeviceDescription> = codec(
  record({
    name: text({ max: MAX_DEVICE_NAME_BYTES }),
    kind: text({ max: 32 }),
    temporary: optional(bool()),
  }),
  { maxBytes: MAX_GREETING_BYTES },
)

/** The existing device asks the new one to agree to be taken in. */
export interface LinkProposal {
  readonly account: AccountId
  /** The encoded device log. */
  readonly log: Uint8Array
  /** The body of the add. */
  readonly add: Uint8Array
}

/** Proposals. */
export const proposalCodec: Codec<LinkProposal> = codec(
  record({ account: accountId, log: bytes({ max: MAX_LOG_BYTES }), add: bytes({ max: 1536 }) }),
  { maxBytes: MAX_LOG_BYTES + 4096 },
)

/** The new device agrees. */
export interface LinkAgreement {
  readonly countersignature: Uint8Array
  /** Its encoded device card. */
  readonly card: Uint8Array
}

/** Agreements. */
export const agreementCodec: Codec<LinkAgreement> = codec(
  record({
    countersignature: bytes({ length: SIGNATURE_BYTES }),
    card: bytes({ max: MAX_CARD_BYTES }),
  }),
  { maxBytes: MAX_CARD_BYTES + 256 },
)

/** The existing device takes the new one in, and hands it what the account's devices share. */
export interface LinkGrant {
  /** Its signature of the add. */
  readonly signature: Uint8Array
  /** Encoded epoch keys, at most 256 KiB; what they are is not the business of linking. */
  readonly epochKeys: Uint8Array
  /** Encoded account data, at most 1 MiB; may be empty. */
  readonly snapshot: Uint8Array
}

/** Grants. */
export const grantCodec: Codec<LinkGrant> = codec(
  record({
    signature: bytes({ length: SIGNATURE_BYTES }),
    epochKeys: bytes({ max: MAX_EPOCH_KEYS_BYTES }),
    snapshot: bytes({ max: MAX_SNAPSHOT_BYTES }),
  }),
  { maxBytes: MAX_SNAPSHOT_BYTES + MAX_EPOCH_KEYS_BYTES + 256 },
)
