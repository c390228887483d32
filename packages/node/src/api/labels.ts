import type { AccountId, MessageId } from '@kithmesh/protocol'
import type { Label } from '@kithmesh/sync'

export type { Label }

/** What a label is put on: the chat with a contact, or one message. */
export type LabelPlace = { readonly contact: AccountId } | { readonly message: MessageId }

/** What a label stands on. */
export interface LabelledItems {
  readonly contacts: readonly AccountId[]
  readonly messages: readonly MessageId[]
}
