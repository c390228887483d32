import { type Signer, signerFromSeed } from '../src/identity/keys.ts'
import { type DeviceId, deviceIdFromPublicKey } from '../src/ids.ts'

/** The key of a device, by number. */
export function signerOf(number: number): Signer {
  return signerFromSeed(new Uint8Array(32).fill(number))
}

/** The id of a device, by its key. */
export function idOf({ publicKey }: Signer): DeviceId {
  return deviceIdFromPublicKey(publicKey)
}
