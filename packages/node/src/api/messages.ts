import type { AccountId, ChatId, DeviceId, MessageId } from '@kithmesh/protocol'
import type { CallOptions } from './options.ts'

/** How far a message has come: devices of the recipient that hold it on disk. */
export interface DeliveryState {
  readonly reached: number
  readonly of: number
  readonly read: boolean
  /**
   * How far it has come: on this device only, on another of this account too, on a device of the recipient,
   * shown to the person; or it ended before anybody had it.
   */
  readonly state: 'here' | 'sibling' | 'reached' | 'read' | 'ended'
  /** Why it goes no further now; missing when nothing is waited for. */
  readonly waiting?: Waiting
  /** When the first device of the recipient said that it was shown, by its clock, ms since 1970 UTC. */
  readonly readAt?: number
}

/** Why a message has not reached every device of its recipient. */
export interface Waiting {
  readonly reason: WaitingReason
  /** One sentence for a person: `Ben's devices are all away`. */
  readonly text: string
  /** When it ends undelivered, ms since 1970 UTC. */
  readonly until?: number
}

/**
 * - `away`: no device of the recipient is connected. `some-away`: some have it, none of the others is connected.
 * - `held`: the recipient has a new account that a person has to accept first.
 * - `no-device-log`: which devices the recipient has is not known here yet.
 * - `no-card`: a device is connected, and what to seal for it with is not here yet.
 * - `sending`: it is on its way to a device that is connected.
 * - `ended`: its time is over; nobody tries any more.
 */
export type WaitingReason =
  | 'away'
  | 'some-away'
  | 'held'
  | 'no-device-log'
  | 'no-card'
  | 'sending'
  | 'ended'

export interface Message {
  readonly message: MessageId
  readonly chat: ChatId
  readonly from: { readonly account: AccountId; readonly name: string; readonly self: boolean }
  /** The device that wrote it. */
  readonly device: DeviceId
  readonly text: string
  /** The author's clock, ms since 1970 UTC; never decides order alone. */
  readonly at: number
  readonly starred: boolean
  /** Only for own messages. */
  readonly delivery?: DeliveryState
  /** Only for messages of others: nobody has looked at it yet, on any device of this account. */
  readonly unread?: boolean
}

export interface SentMessage {
  readonly message: MessageId
  readonly chat: ChatId
  /** The current state at once, then every change, until every device is reached or the signal aborts. */
  delivery(options?: CallOptions): AsyncIterable<DeliveryState>
}

/** Messages of one device of a contact that are missing here: its numbers leave a hole. */
export interface MessageGap {
  readonly contact: AccountId
  /** The device that wrote them. */
  readonly device: DeviceId
  /** The first and the last number of the hole: `last - first + 1` are missing. */
  readonly first: number
  readonly last: number
  /**
   * `missing`: devices of the contact are asked for them whenever one is there. `coming`: one has them and
   * sends them. `gone`: no device of the contact has them any more, which is final.
   */
  readonly state: 'missing' | 'coming' | 'gone'
  /** The next message of that device, before which they belong; missing while there is only a receipt. */
  readonly before?: MessageId
}
