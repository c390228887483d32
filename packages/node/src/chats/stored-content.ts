import type { Content, MessageId } from '@kithmesh/protocol'

/** A content as it stands in a chat. */
export interface StoredContent {
  readonly message: MessageId
  readonly content: Content
  readonly bytes: Uint8Array
}
