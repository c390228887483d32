/** Shapes of the ids: their bytes on the wire, their branded text in a value. */

import {
  type AccountId,
  accountIdFromBytes,
  accountIdToBytes,
  type ChatId,
  chatIdFromBytes,
  chatIdToBytes,
  type DeviceId,
  deviceIdFromPublicKey,
  type EntryId,
  entryIdFromBytes,
  entryIdToBytes,
  type MessageId,
  messageIdFromBytes,
  messageIdToBytes,
  publicKeyOfDevice,
} from '../ids.ts'
import { bytes, mapped, type Shape } from './shape.ts'

/** A device id, 32 bytes: its public key. */
export const deviceId: Shape<DeviceId> = mapped(
  bytes({ length: 32 }),
  publicKeyOfDevice,
  deviceIdFromPublicKey,
)

/** An account id, 32 bytes. */
export const accountId: Shape<AccountId> = mapped(
  bytes({ length: 32 }),
  accountIdToBytes,
  accountIdFromBytes,
)

/** The id of a device log entry, 32 bytes. */
export const entryId: Shape<EntryId> = mapped(
  bytes({ length: 32 }),
  entryIdToBytes,
  entryIdFromBytes,
)

/** A message id, 16 bytes. */
export const messageId: Shape<MessageId> = mapped(
  bytes({ length: 16 }),
  messageIdToBytes,
  messageIdFromBytes,
)

/** A chat id, 32 bytes. */
export const chatId: Shape<ChatId> = mapped(bytes({ length: 32 }), chatIdToBytes, chatIdFromBytes)
