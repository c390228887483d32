import type { AccountId, MessageId } from '@kithmesh/protocol'
import type { Label } from './labels.ts'

/** What a person set for the chat with a contact; the same on every own device. */
export interface Chat {
  readonly contact: AccountId
  readonly name: string
  /** Out of the list, and silent. */
  readonly archived: boolean
  /** In quiet hours it is told of all the same. */
  readonly favourite: boolean
  /** When it was pinned to the top, ms since 1970 UTC. */
  readonly pinnedAt?: number
  /** Silent until then: ms since 1970 UTC, or `always`. Missing once that time is over. */
  readonly mutedUntil?: number | 'always'
  /** Oldest label first. */
  readonly labels: readonly Label[]
}

/** A change of some settings of a chat. */
export interface ChatChange {
  readonly archived?: boolean
  readonly favourite?: boolean
  readonly pinned?: boolean
  /** ms since 1970 UTC; `undefined` to hear of it again. */
  readonly mutedUntil?: number | 'always' | undefined
}

/** Whether a host should tell the person of a message, and if not, why. */
export type NotifyAnswer =
  | { readonly notify: true }
  | {
      readonly notify: false
      /** `own`: this account wrote it. `read`: seen on another device. `off`: no notifications at all. */
      readonly reason: 'own' | 'read' | 'off' | 'archived' | 'muted' | 'quiet-hours'
      /** When that ends, ms since 1970 UTC; missing when it has no end. */
      readonly until?: number
    }

/** What of a message decides whether the person is told. */
export interface Notifiable {
  readonly message: MessageId
  readonly from: { readonly account: AccountId; readonly self: boolean }
  readonly unread?: boolean
}
