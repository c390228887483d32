/** Where a content stands in its chat, and who had it when it came. */

import {
  type ChatId,
  type Codec,
  chatId,
  codec,
  type DeviceId,
  deviceId,
  list,
  record,
  uint,
} from '@kithmesh/protocol'

/** Where a content stands: `at` is its place in the chat, not its time (DEL-55). */
export interface ContentPlace {
  readonly chat: ChatId
  readonly at: number
  /**
   * Devices of the recipient that had it when it came, as in a history: a row of the table `reached` for each would be
   * as many entries again. What is heard later is in that table (DEL-70).
   */
  readonly reached?: readonly DeviceId[]
}

/** Devices told of at a place; of a message that more have, all stand in the table `reached`. */
export const MAX_REACHED_AT_PLACE = 16

const FIELDS = { chat: chatId, at: uint() }
const barePlaceCodec = codec(record(FIELDS), { maxBytes: 128 })
const reachedPlaceCodec = codec(
  record({ ...FIELDS, reached: list(deviceId, { max: MAX_REACHED_AT_PLACE }) }),
  { maxBytes: 1024 },
)
/** First byte of a list of two in CBOR (RFC 8949 §3). */
const PAIR = 0x82

/** A place in bytes. Most messages reach somebody later: their place has two fields, as it had before there was a third. */
export const contentPlaceCodec: Codec<ContentPlace> = {
  encode: ({ chat, at, reached = [] }) =>
    reached.length > 0
      ? reachedPlaceCodec.encode({ chat, at, reached })
      : barePlaceCodec.encode({ chat, at }),
  decode: (bytes) =>
    bytes[0] === PAIR ? barePlaceCodec.decode(bytes) : reachedPlaceCodec.decode(bytes),
}
