import {
  type AccountId,
  accountId,
  bytes,
  type Codec,
  codec,
  type DeviceId,
  deviceId,
  list,
  MAX_CARD_BYTES,
  MAX_LOG_BYTES,
  mapped,
  record,
  type Shape,
  text,
  uint,
  variants,
} from '@kithmesh/protocol'
import {
  EPOCH_ID_BYTES,
  type EpochGrant,
  type EpochId,
  epochGrantCodec,
  epochIdFromBytes,
  epochIdToBytes,
  MAX_EPOCH_GRANT_BYTES,
  MAX_EPOCHS,
} from '@kithmesh/sync'
import { MAX_ADDRESSES } from '../addresses.ts'
import { HELLO } from '../protocols.ts'

/** Accounts one hello may compare: this one and its contacts. More contacts are compared in rotation. */
export const MAX_COMPARED = 512
/** Epochs handed over in one hello; each costs both sides about a millisecond. */
export const MAX_GRANTS = 128
/** Devices one hello may place: one's own, and to siblings also those of contacts. */
export const MAX_PLACES = 256

/** Devices of which one hello asks newer cards, and cards it may bring; of more, others the next time. */
export const MAX_CARDS = 256

/** Addresses of one device, as text multiaddrs. */
const placeShape: Shape<Place> = record({
  device: deviceId,
  addresses: list(text({ max: 512 }), { max: MAX_ADDRESSES }),
})

/** Where a device says it, or a sibling of it, can be dialled. */
export interface Place {
  readonly device: DeviceId
  readonly addresses: readonly string[]
}

/** Which card of a device is here; number 0 where there is none. */
export interface HeldCard {
  readonly device: DeviceId
  readonly number: number
}

/** To a device that is known: who I am, what I hold of the device logs that concern us both. */
export interface Hello {
  readonly kind: 'hello'
  readonly account: AccountId
  /** Heads of device logs, 32 bytes each. */
  readonly logs: readonly { readonly account: AccountId; readonly head: Uint8Array }[]
  /** The encoded device card. */
  readonly card: Uint8Array
  /** Of other devices that concern us both: newer cards than these are welcome (SES-18). */
  readonly cards: readonly HeldCard[]
  readonly places: readonly Place[]
  /** Epochs of the account held here; told to siblings only. */
  readonly epochs: readonly EpochId[]
}

/** A frame of `/kith/hello/1`. */
export type HelloFrame =
  | Hello
  /** I do not know you: show the device log of your account, then I say who I am. */
  | { readonly kind: 'unknown' }
  /** One device log that the other holds differently, encoded; sent for each. */
  | { readonly kind: 'log'; readonly account: AccountId; readonly entries: Uint8Array }
  /** A newer card, encoded, of a device that the other asked about, or of the other itself. */
  | { readonly kind: 'card'; readonly card: Uint8Array }
  /** Epochs that the other lacks, sealed to its card. */
  | {
      readonly kind: 'epochs'
      readonly grants: readonly EpochGrant[]
      /** Head of the giver's log of the account, 32 bytes: what it knew when it gave them. */
      readonly head: Uint8Array
    }
  /** To a device of our own account: you are out, as this device log shows. Nothing follows. */
  | { readonly kind: 'out'; readonly entries: Uint8Array }
  | { readonly kind: 'done' }

const epochIdShape: Shape<EpochId> = mapped(
  bytes({ length: EPOCH_ID_BYTES }),
  epochIdToBytes,
  epochIdFromBytes,
)
const grantShape: Shape<EpochGrant> = mapped(
  bytes({ max: MAX_EPOCH_GRANT_BYTES }),
  (grant) => epochGrantCodec.encode(grant),
  (encoded) => epochGrantCodec.decode(encoded),
)

const helloShape: Shape<HelloFrame> = variants('kind', {
  hello: record({
    account: accountId,
    logs: list(record({ account: accountId, head: bytes({ length: 32 }) }), { max: MAX_COMPARED }),
    card: bytes({ max: MAX_CARD_BYTES }),
    cards: list(record({ device: deviceId, number: uint() }), { max: MAX_CARDS }),
    places: list(placeShape, { max: MAX_PLACES }),
    epochs: list(epochIdShape, { max: MAX_EPOCHS }),
  }),
  unknown: record({}),
  log: record({ account: accountId, entries: bytes({ max: MAX_LOG_BYTES }) }),
  card: record({ card: bytes({ max: MAX_CARD_BYTES }) }),
  epochs: record({
    grants: list(grantShape, { max: MAX_GRANTS }),
    head: bytes({ length: 32 }),
  }),
  out: record({ entries: bytes({ max: MAX_LOG_BYTES }) }),
  done: record({}),
})

/** Frames of a hello. */
export const helloCodec: Codec<HelloFrame> = codec(helloShape, { maxBytes: HELLO.maxFrameBytes })
