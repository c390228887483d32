import type { AccountId, DeviceId, MessageId } from '@kithmesh/protocol'
import type { Chat } from './chats.ts'
import type { Contact } from './contacts.ts'
import type { Device, DeviceAlert, LeftReason } from './devices.ts'
import type { HistoryState } from './history.ts'
import type { Label } from './labels.ts'
import type { LockState } from './lock.ts'
import type { DeliveryState, Message, MessageGap } from './messages.ts'
import type { Setting } from './settings.ts'
import type { StoreDamage } from './store.ts'

/** `detail` of the events by name. Local and remote changes arrive through the same events. */
export interface NodeEvents {
  'device:linked': Device
  'device:changed': Device
  /** A device of this account is out now, whoever put it out. */
  'device:removed': Device
  /** A suspended device of this account is back, and this one may readmit it. */
  'device:returned': Device
  /** Once for each proof, of this account or of a contact. */
  'device:forked': DeviceAlert
  'contact:changed': Contact
  'contact:removed': { readonly contact: AccountId }
  'message:received': Message
  /** A message of this account appeared here: sent here, or on a sibling. */
  'message:sent': Message
  'message:delivery': { readonly message: MessageId; readonly delivery: DeliveryState }
  /** All that is missing of a contact's messages, whenever that is other than before; empty when it came. */
  'message:gap': { readonly contact: AccountId; readonly gaps: readonly MessageGap[] }
  /** How many messages of a contact nobody has looked at, when that has changed: here, or on a sibling. */
  'chat:unread': { readonly contact: AccountId; readonly unread: number }
  /** Messages of before come from other devices: after linking, or after a long time away. */
  'history:progress': HistoryState
  /** All of them are here, as far as the devices met have them. */
  'history:complete': HistoryState
  'starred:changed': { readonly message: MessageId; readonly starred: boolean }
  /** Archived, pinned, muted, labelled or taken back: here, or on a sibling. */
  'chat:changed': Chat
  'label:changed': Label
  'label:removed': { readonly label: string }
  /** A label was put on a message or taken off. */
  'labelled:changed': {
    readonly message: MessageId
    readonly label: string
    readonly labelled: boolean
  }
  'setting:changed': Setting
  'relay:changed': { readonly address: string; readonly state: string; readonly reason?: string }
  'lock:changed': LockState
  /** The store lost something: at the start, or noticed later. It is fetched again from siblings. */
  'store:damaged': { readonly damage: readonly StoreDamage[] }
  /** All that was lost is here again, as far as a sibling had it. */
  'store:healed': Record<string, never>
  'account:ready': { readonly account: AccountId; readonly device: DeviceId }
  /** This device is out of its account. It keeps its data; after a readmission `account:ready` comes again. */
  'account:left': { readonly reason: LeftReason }
}
