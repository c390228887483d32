import {
  bytes,
  type Codec,
  codec,
  list,
  MAX_ENVELOPE_BYTES,
  type MessageId,
  messageId,
  record,
  type Shape,
  text,
  variants,
} from '@kithmesh/protocol'
import { MESSAGE } from '../protocols.ts'

/** Ids in one offer, want or ack. */
export const MAX_IDS = 256

const ids = list(messageId, { max: MAX_IDS })

/** From the device that has envelopes to the one they are for. */
export type ToRecipient =
  /** Ids that may have arrived earlier; only those wanted are sent again (DEL-3). */
  | { readonly kind: 'offer'; readonly ids: readonly MessageId[] }
  | { readonly kind: 'envelope'; readonly id: MessageId; readonly envelope: Uint8Array }

/** The answers. */
export type ToSender =
  | { readonly kind: 'want'; readonly ids: readonly MessageId[] }
  /** On disk here (DEL-2). */
  | { readonly kind: 'ack'; readonly ids: readonly MessageId[] }
  /** Not taken, and why; the sender keeps it. */
  | { readonly kind: 'refuse'; readonly id: MessageId; readonly reason: string }

const toRecipientShape: Shape<ToRecipient> = variants('kind', {
  offer: record({ ids }),
  envelope: record({ id: messageId, envelope: bytes({ max: MAX_ENVELOPE_BYTES }) }),
})

const toSenderShape: Shape<ToSender> = variants('kind', {
  want: record({ ids }),
  ack: record({ ids }),
  refuse: record({ id: messageId, reason: text({ max: 64 }) }),
})

/** Frames of `/kith/message/1`, a codec for each direction. */
export const toRecipientCodec: Codec<ToRecipient> = codec(toRecipientShape, {
  maxBytes: MESSAGE.maxFrameBytes,
})
export const toSenderCodec: Codec<ToSender> = codec(toSenderShape, {
  maxBytes: MESSAGE.maxFrameBytes,
})
