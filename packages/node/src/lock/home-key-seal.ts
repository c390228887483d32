/**
 * The home key under a wrapping key. AES-GCM alone lets one box open under two keys, and a search
 * through passphrases could use that; so each box commits to its key (LOCK-2).
 */

import {
  type Codec,
  codec,
  domainBytes,
  equalSecrets,
  joinBytes,
  type Primitives,
  type Rng,
} from '@kithmesh/protocol'
import { SEALED_BYTES, type Wrap, wrapShape } from './wraps.ts'

/** What sealing takes from outside. */
export interface SealTools {
  readonly primitives: Primitives
  readonly rng: Rng
}

/** A wrap, and the key that a passphrase, a keyring or a passkey gave for it. */
export interface WrapKey {
  /** What it says beside its box is what the box is bound to. */
  readonly wrap: Wrap
  readonly secret: Uint8Array
}

const KEY_BYTES = 32
const COMMITMENT_BYTES = 32
const NONCE_BYTES = 12
const NO_SALT = new Uint8Array()
/** Stands in a wrap until its box is made. */
export const NO_BOX: Uint8Array = new Uint8Array(SEALED_BYTES)

const wrapCodec: Codec<Wrap> = codec(wrapShape, { maxBytes: 4 * 1024 })

/** The wrap with the home key in it: commitment ‖ nonce ‖ AES-256-GCM(key). */
export async function sealHomeKey<W extends Wrap>(
  homeKey: Uint8Array,
  { wrap, secret }: WrapKey & { readonly wrap: W },
  { primitives, rng }: SealTools,
): Promise<W> {
  const associatedData = headOf(wrap)
  const keys = await keysOf(secret, associatedData, primitives)
  const nonce = rng.bytes(NONCE_BYTES)
  const box = await primitives.aes256Gcm.seal({
    key: keys.seal,
    nonce,
    bytes: homeKey,
    associatedData,
  })
  return { ...wrap, sealed: joinBytes(keys.commitment, nonce, box) }
}

/** The home key; undefined when the secret is not the one of this wrap. */
export async function openHomeKeyBox(
  { wrap, secret }: WrapKey,
  primitives: Primitives,
): Promise<Uint8Array | undefined> {
  const associatedData = headOf(wrap)
  const keys = await keysOf(secret, associatedData, primitives)
  const commitment = wrap.sealed.subarray(0, COMMITMENT_BYTES)
  if (!equalSecrets(keys.commitment, commitment)) return undefined
  const nonce = wrap.sealed.subarray(COMMITMENT_BYTES, COMMITMENT_BYTES + NONCE_BYTES)
  const bytes = wrap.sealed.subarray(COMMITMENT_BYTES + NONCE_BYTES)
  return primitives.aes256Gcm.open({ key: keys.seal, nonce, bytes, associatedData })
}

function headOf(wrap: Wrap): Uint8Array {
  return domainBytes('home key wrap', wrapCodec.encode({ ...wrap, sealed: NO_BOX }))
}

async function keysOf(
  secret: Uint8Array,
  info: Uint8Array,
  primitives: Primitives,
): Promise<{ readonly seal: Uint8Array; readonly commitment: Uint8Array }> {
  const length = KEY_BYTES + COMMITMENT_BYTES
  const both = await primitives.hkdfSha256({ secret, salt: NO_SALT, info, length })
  return { seal: both.slice(0, KEY_BYTES), commitment: both.slice(KEY_BYTES) }
}
