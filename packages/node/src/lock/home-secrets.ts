/** Secrets of a home under its home key: each bound to its name (LOCK-1). */

import { domainBytes, joinBytes, type Primitives } from '@kithmesh/protocol'
import type { SealTools } from './home-key-seal.ts'

const KEY_BYTES = 32
const NONCE_BYTES = 12
const NO_SALT = new Uint8Array()

/** Nonce ‖ AES-256-GCM(secret). */
export async function sealSecret(
  {
    name,
    bytes,
    homeKey,
  }: { readonly name: string; readonly bytes: Uint8Array; readonly homeKey: Uint8Array },
  { primitives, rng }: SealTools,
): Promise<Uint8Array> {
  const { key, associatedData } = await keyOf(name, homeKey, primitives)
  const nonce = rng.bytes(NONCE_BYTES)
  const box = await primitives.aes256Gcm.seal({ key, nonce, bytes, associatedData })
  return joinBytes(nonce, box)
}

/** The secret; undefined when it was not sealed so. */
export async function openSecret(
  {
    name,
    sealed,
    homeKey,
  }: { readonly name: string; readonly sealed: Uint8Array; readonly homeKey: Uint8Array },
  primitives: Primitives,
): Promise<Uint8Array | undefined> {
  const { key, associatedData } = await keyOf(name, homeKey, primitives)
  const nonce = sealed.subarray(0, NONCE_BYTES)
  if (nonce.length < NONCE_BYTES) return undefined
  const bytes = sealed.subarray(NONCE_BYTES)
  return primitives.aes256Gcm.open({ key, nonce, bytes, associatedData })
}

async function keyOf(
  name: string,
  homeKey: Uint8Array,
  primitives: Primitives,
): Promise<{ readonly key: Uint8Array; readonly associatedData: Uint8Array }> {
  const info = domainBytes('home secret', new TextEncoder().encode(name))
  const key = await primitives.hkdfSha256({
    secret: homeKey,
    salt: NO_SALT,
    info,
    length: KEY_BYTES,
  })
  return { key, associatedData: info }
}
