import { domainBytes, type Primitives } from '@kithmesh/protocol'
import type { StoreKey } from '../platform.ts'

const KEY_BYTES = 32
const NO_SALT = new Uint8Array()

/** HMAC-SHA-256 under one key. */
export interface StoreMac extends Pick<StoreKey, 'mac'> {
  /** Overwrites what it made of the key. */
  drop(): void
}

/**
 * A store key out of 32 secret bytes: one key to seal with, another to hash with (STO-20). `macOf`: by what is
 * hashed, where a platform is quicker at it by something of its own.
 */
export async function storeKeyOf(
  secret: Uint8Array,
  primitives: Primitives,
  macOf: (key: Uint8Array) => StoreMac = (key) => ({
    mac: (bytes) => primitives.hmacSha256(key, bytes),
    drop: () => {},
  }),
): Promise<StoreKey> {
  const { sealKey, macKey } = await storeKeyParts(secret, primitives)
  const { mac, drop } = macOf(macKey)
  return {
    seal: (bytes, { nonce, associated }) =>
      primitives.aes256Gcm.seal({ key: sealKey, nonce, bytes, associatedData: associated }),
    open: (bytes, { nonce, associated }) =>
      primitives.aes256Gcm.open({ key: sealKey, nonce, bytes, associatedData: associated }),
    mac,
    drop: () => {
      drop()
      sealKey.fill(0)
      macKey.fill(0)
    },
  }
}

/** The two keys out of the secret, 32 bytes each. */
export async function storeKeyParts(
  secret: Uint8Array,
  primitives: Primitives,
): Promise<{ readonly sealKey: Uint8Array; readonly macKey: Uint8Array }> {
  const derive = (name: string): Promise<Uint8Array> => deriveKey(secret, name, primitives)
  return { sealKey: await derive('seal'), macKey: await derive('mac') }
}

async function deriveKey(
  secret: Uint8Array,
  name: string,
  primitives: Primitives,
): Promise<Uint8Array> {
  const info = domainBytes('store key', new TextEncoder().encode(name))
  return primitives.hkdfSha256({ secret, salt: NO_SALT, info, length: KEY_BYTES })
}
