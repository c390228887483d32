import {
  bytes,
  type Codec,
  codec,
  list,
  MAX_CARD_BYTES,
  MAX_ENVELOPE_BYTES,
  type MessageId,
  messageId,
  optional,
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
  /** There is no session with you: a card for this one session, please (SES-24). */
  | { readonly kind: 'ask-card' }
  /** Ids that may have arrived earlier; only those wanted are sent again (DEL-3). */
  | { readonly kind: 'offer'; readonly ids: readonly MessageId[] }
  | { readonly kind: 'envelope'; readonly id: MessageId; readonly envelope: Uint8Array }

/** The answers. */
export type ToSender =
  /** Of an offer: what is to be sent, and what is on disk here. */
  | {
      readonly kind: 'want'
      readonly ids: readonly MessageId[]
      readonly held: readonly MessageId[]
    }
  /** On disk here (DEL-2). */
  | { readonly kind: 'ack'; readonly ids: readonly MessageId[] }
  /** The card, encoded; without one the published card has to do. */
  | { readonly kind: 'card'; readonly card?: Uint8Array | undefined }
  /** Not taken, and why; the sender keeps it. */
  | Refuse

/** Why an envelope was not taken. */
export interface Refuse {
  readonly kind: 'refuse'
  readonly id: MessageId
  readonly reason: string
  /** With `cannot-open`: the signed word of it, sealed on a fresh session (SES-26). */
  readonly control?: Uint8Array | undefined
}

/** An envelope with an agreement and one short record. */
export const MAX_CONTROL_BYTES: number = 16 * 1024

const toRecipientShape: Shape<ToRecipient> = variants('kind', {
  'ask-card': record({}),
  offer: record({ ids }),
  envelope: record({ id: messageId, envelope: bytes({ max: MAX_ENVELOPE_BYTES }) }),
})

const toSenderShape: Shape<ToSender> = variants('kind', {
  want: record({ ids, held: ids }),
  ack: record({ ids }),
  card: record({ card: optional(bytes({ max: MAX_CARD_BYTES })) }),
  refuse: record({
    id: messageId,
    reason: text({ max: 64 }),
    control: optional(bytes({ max: MAX_CONTROL_BYTES })),
  }),
})

/** Frames of `/kith/message/1`, a codec for each direction. */
export const toRecipientCodec: Codec<ToRecipient> = codec(toRecipientShape, {
  maxBytes: MESSAGE.maxFrameBytes,
})
export const toSenderCodec: Codec<ToSender> = codec(toSenderShape, {
  maxBytes: MESSAGE.maxFrameBytes,
})
