import {
  bytes,
  type Codec,
  codec,
  type Infer,
  list,
  messageId,
  record,
  text,
  variants,
} from '@kithmesh/protocol'
import { MESSAGE } from './protocols.ts'

/** Ids in one offer, want or ack. */
export const MAX_IDS = 256
/** Largest envelope (MSG: the content is ≤16 KiB; the rest is header and growth). */
export const MAX_ENVELOPE_BYTES = 256 * 1024

const ids = list(messageId, { max: MAX_IDS })

const toRecipientShape = variants('kind', {
  /** Ids that may have arrived earlier; only those wanted are sent again (DEL-3). */
  offer: record({ ids }),
  envelope: record({ id: messageId, envelope: bytes({ max: MAX_ENVELOPE_BYTES }) }),
})

const toSenderShape = variants('kind', {
  want: record({ ids }),
  /** On disk here (DEL-2). */
  ack: record({ ids }),
  /** Not taken, and why; the sender keeps it. */
  refuse: record({ id: messageId, reason: text({ max: 64 }) }),
})

/** From the device that has envelopes to the one they are for. */
export type ToRecipient = Infer<typeof toRecipientShape>
/** The answers. */
export type ToSender = Infer<typeof toSenderShape>

export const toRecipientCodec: Codec<ToRecipient> = codec(toRecipientShape, {
  maxBytes: MESSAGE.maxFrameBytes,
})
export const toSenderCodec: Codec<ToSender> = codec(toSenderShape, {
  maxBytes: MESSAGE.maxFrameBytes,
})
