/** What is said: the plaintext of messages. Its id is a hash of it, so nobody can say it differently (MSG-1). */

import { sha256 } from '@noble/hashes/sha2.js'
import { type Codec, codec } from './codec/codec.ts'
import { chatId, messageId } from './codec/id-shapes.ts'
import {
  bytes,
  list,
  mapped,
  record,
  refuse,
  type Shape,
  text,
  uint,
  variants,
} from './codec/shape.ts'
import { domainBytes } from './identity/domain.ts'
import { type ChatId, type MessageId, messageIdFromBytes } from './ids.ts'
import { type Party, partyShape } from './session/party.ts'

/** Text of a message: 16 KiB is some 8 pages; what is longer is a file. */
export const MAX_TEXT_BYTES: number = 16 * 1024
/** Contents one content may name as its parents; a chat with more heads joins them over several. */
export const MAX_PARENTS = 16
/** Contents one receipt may name. */
export const MAX_RECEIPT_MESSAGES = 256

/** What a content holds, told apart by `kind`. */
export type ContentBody =
  | { readonly kind: 'text'; readonly text: string }
  /** These contents were shown to the person. */
  | { readonly kind: 'read'; readonly messages: readonly MessageId[] }

/** One thing said in a chat. The same bytes go to every device, so they name no recipient. */
export interface Content {
  readonly chat: ChatId
  /** Who wrote it; another device of the same account may deliver it. */
  readonly author: Party
  /** Counts the author device's contents in this chat, from 1: gaps show (MSG-3). */
  readonly seq: number
  /** Contents the author had seen and no other content had named as parent: the causal order. */
  readonly parents: readonly MessageId[]
  /** Milliseconds since 1970 UTC by the author's clock; for people, never alone for order. */
  readonly at: number
  /** 16 random bytes: two contents of the same words have two ids, and no id can be guessed from words. */
  readonly salt: Uint8Array
  readonly body: ContentBody
}

const bodyShape: Shape<ContentBody> = variants('kind', {
  text: record({ text: text({ max: MAX_TEXT_BYTES }) }),
  read: record({ messages: list(messageId, { max: MAX_RECEIPT_MESSAGES }) }),
})

/** Counts from 1, so that "none yet" can be told by 0. */
const countShape: Shape<number> = mapped(uint(), counted, counted)

function counted(value: number): number {
  if (value < 1) throw refuse('a count from 1 expected')
  return value
}

/**
 * Contents as bytes.
 *
 * @example
 * ```ts
 * const bytes = contentCodec.encode(content)
 * const message = messageIdOf(bytes)
 * ```
 */
export const contentCodec: Codec<Content> = codec(
  record({
    chat: chatId,
    author: partyShape,
    seq: countShape,
    parents: list(messageId, { max: MAX_PARENTS }),
    at: uint(),
    salt: bytes({ length: 16 }),
    body: bodyShape,
  }),
  { maxBytes: 20 * 1024 },
)

/** The id of a content: the first 16 bytes of a hash of its encoding (MSG-1). */
export function messageIdOf(content: Uint8Array): MessageId {
  return messageIdFromBytes(sha256(domainBytes('message id', content)).slice(0, 16))
}
