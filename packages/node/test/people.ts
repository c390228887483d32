import {
  type AccountId,
  accountIdFromBytes,
  type DeviceId,
  deviceIdFromPublicKey,
} from '@kithmesh/protocol'

/** An account that exists by its id alone. */
export function accountNamed(letter: string): AccountId {
  return accountIdFromBytes(new Uint8Array(32).fill(letter.charCodeAt(0)))
}

/** A device that exists by its id alone. */
export function deviceNamed(letter: string): DeviceId {
  return deviceIdFromPublicKey(new Uint8Array(32).fill(letter.charCodeAt(0)))
}
