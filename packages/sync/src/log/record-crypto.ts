import {
  type MaybePromise,
  noblePrimitives,
  type Primitives,
  verifySignature,
} from '@kithmesh/protocol'

/**
 * The algorithms of the account log. Bulk runs through here, so a host hands in native ones where
 * it has them: with ten thousand records the difference is seconds. Signing is the device's
 * `Signer`.
 */
export interface RecordCrypto extends Pick<Primitives, 'sha256' | 'hkdfSha256' | 'aes256Gcm'> {
  /**
   * Whether an Ed25519 signature stands. A native verifier may differ from ours on keys and
   * signatures that only an attacker makes; here that costs one record of one's own device, so
   * native is allowed (protocol: primitives).
   */
  verify(publicKey: Uint8Array, bytes: Uint8Array, signature: Uint8Array): MaybePromise<boolean>
}

/** All in TypeScript, the same everywhere. */
export const nobleRecordCrypto: RecordCrypto = {
  sha256: noblePrimitives.sha256,
  hkdfSha256: noblePrimitives.hkdfSha256,
  aes256Gcm: noblePrimitives.aes256Gcm,
  verify: verifySignature,
}
