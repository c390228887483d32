import { domainBytes, type Primitives } from '@kithmesh/protocol'
import type { StoreKey } from '../platform.ts'

const KEY_BYTES = 32
const NO_SALT = new Uint8Array()

/** A store key out of 32 secret bytes: one key to seal with, another to hash with (STO-20). */
export async function storeKeyOf(secret: Uint8Array, primitives: Primitives): Promise<StoreKey> {
  const derive = (name: string): Promise<Uint8Array> => deriveKey(secret, name, primitives)
  const [sealKey, macKey] = [await derive('seal'), await derive('mac')]
  return {
    seal: (bytes, { nonce, associated }) =>
      primitives.aes256Gcm.seal({ key: sealKey, nonce, bytes, associatedData: associated }),
    open: (bytes, { nonce, associated }) =>
      primitives.aes256Gcm.open({ key: sealKey, nonce, bytes, associatedData: associated }),
    mac: (bytes) => primitives.hmacSha256(macKey, bytes),
  }
}

async function deriveKey(
  secret: Uint8Array,
  name: string,
  primitives: Primitives,
): Promise<Uint8Array> {
  const info = domainBytes('store key', new TextEncoder().encode(name))
  return primitives.hkdfSha256({ secret, salt: NO_SALT, info, length: KEY_BYTES })
}
