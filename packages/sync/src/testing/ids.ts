import {
  type AccountId,
  accountIdFromBytes,
  type DeviceId,
  deviceIdFromPublicKey,
  type MessageId,
  messageIdFromBytes,
} from '@kithmesh/protocol'

/** An account of its own for each number. */
export function accountNumber(number: number): AccountId {
  return accountIdFromBytes(numbered(32, number))
}

/** A message of its own for each number. */
export function messageNumber(number: number): MessageId {
  return messageIdFromBytes(numbered(16, number))
}

/** A device nobody has the key of. */
export function deviceNumber(number: number): DeviceId {
  return deviceIdFromPublicKey(numbered(32, number))
}

function numbered(length: number, number: number): Uint8Array {
  const bytes = new Uint8Array(length)
  new DataView(bytes.buffer).setUint32(0, number)
  return bytes
}
