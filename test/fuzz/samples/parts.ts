/** Ids and bytes for samples, the same in every run. */

import {
  accountIdFromBytes,
  deviceIdFromPublicKey,
  directChatId,
  entryIdFromBytes,
  messageIdFromBytes,
} from '@kithmesh/protocol'

/** Values by codec: each codec has one at least, and each kind of frame should be among them. */
export type Samples = Readonly<Record<string, readonly unknown[]>>

export const filled = (length: number, value: number): Uint8Array =>
  new Uint8Array(length).fill(value)
export const device = deviceIdFromPublicKey(filled(32, 1))
export const otherDevice = deviceIdFromPublicKey(filled(32, 8))
export const account = accountIdFromBytes(filled(32, 2))
export const otherAccount = accountIdFromBytes(filled(32, 12))
export const entry = entryIdFromBytes(filled(32, 3))
export const otherEntry = entryIdFromBytes(filled(32, 9))
export const message = messageIdFromBytes(filled(16, 4))
export const otherMessage = messageIdFromBytes(filled(16, 5))
export const chat = directChatId(account, otherAccount)
export const party = { account, device }
export const otherParty = { account: otherAccount, device: otherDevice }
