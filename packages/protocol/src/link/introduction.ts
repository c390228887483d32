/** How an account introduces itself to a contact: sealed to one device that proved an invite. */

import { type Codec, codec } from '../codec/codec.ts'
import { accountId, deviceId } from '../codec/id-shapes.ts'
import { bytes, list, record, text } from '../codec/shape.ts'
import { MAX_LOG_BYTES } from '../identity/log-entry.ts'
import type { AccountId, DeviceId } from '../ids.ts'

/** Longest name of an account, in bytes of UTF-8. */
export const MAX_ACCOUNT_NAME_BYTES = 128
/** Devices of an account that are in, each with one card and some addresses. */
const MAX_DEVICES = 8
const MAX_CARD_BYTES = 4096
const MAX_ADDRESSES = 4
const MAX_ADDRESS_BYTES = 160

/** A device, and where it may be dialled. */
export interface IntroducedPeer {
  readonly device: DeviceId
  /** Binary multiaddrs, at most 4 of at most 160 bytes. */
  readonly addresses: readonly Uint8Array[]
}

/** What one account tells another. */
export interface Introduction {
  readonly account: AccountId
  /** What its person calls it; at most 128 bytes of UTF-8. */
  readonly name: string
  /** The encoded device log. */
  readonly log: Uint8Array
  /** Encoded device cards, at most 8 of at most 4 KiB; to be verified by whoever uses them. */
  readonly cards: readonly Uint8Array[]
  readonly peers: readonly IntroducedPeer[]
}

/** Introductions; with a log of nearly 1 MiB there is little room for anything else. */
export const introductionCodec: Codec<Introduction> = codec(
  record({
    account: accountId,
    name: text({ max: MAX_ACCOUNT_NAME_BYTES }),
    log: bytes({ max: MAX_LOG_BYTES }),
    cards: list(bytes({ max: MAX_CARD_BYTES }), { max: MAX_DEVICES }),
    peers: list(
      record({
        device: deviceId,
        addresses: list(bytes({ max: MAX_ADDRESS_BYTES }), { max: MAX_ADDRESSES }),
      }),
      { max: MAX_DEVICES },
    ),
  }),
  { maxBytes: MAX_LOG_BYTES + 48 * 1024 },
)
