/**
 * ENCRYPT and DECRYPT of the Double Ratchet (§3.1): XChaCha20-Poly1305 under a key that is used for this
 * one nonce, with a commitment. Poly1305 commits to nothing by itself: a sender could make one ciphertext
 * that opens to different texts under different keys (SES-10).
 */

import { equalSecrets } from '../codec/bytes.ts'
import { bytes, record, type Shape } from '../codec/shape.ts'
import { domainBytes } from '../identity/domain.ts'
import type { SessionEnvironment } from './party.ts'
import { AEAD_TAG_BYTES, type Primitives, XCHACHA_NONCE_BYTES } from './primitives.ts'

/** One sealed message. */
export interface SealedMessage {
  /** 24 random bytes. */
  readonly nonce: Uint8Array
  /** 32 bytes that only this message key, nonce and associated data yield. */
  readonly commitment: Uint8Array
  /** Ciphertext and tag. */
  readonly sealed: Uint8Array
}

/** The longest plaintext of a message; an envelope around it stays under 256 KiB. */
export const MAX_PLAINTEXT_BYTES: number = 192 * 1024

/** Seals `plaintext` under a message key. */
export async function sealMessage(
  input: {
    readonly messageKey: Uint8Array
    readonly plaintext: Uint8Array
    readonly associatedData: Uint8Array
  },
  { primitives, rng }: SessionEnvironment,
): Promise<SealedMessage> {
  const nonce = rng.bytes(XCHACHA_NONCE_BYTES)
  const { key, commitment } = await deriveSealKeys({ ...input, nonce }, primitives)
  const { plaintext, associatedData } = input
  const sealed = await primitives.xchacha20Poly1305.seal({
    key,
    nonce,
    bytes: plaintext,
    associatedData,
  })
  return { nonce, commitment, sealed }
}

/** The plaintext, or nothing when key, associated data or bytes are not those it was sealed with. */
export async function openMessage(
  input: {
    readonly messageKey: Uint8Array
    readonly message: SealedMessage
    readonly associatedData: Uint8Array
  },
  primitives: Primitives,
): Promise<Uint8Array | undefined> {
  const { message, associatedData } = input
  const { nonce, sealed } = message
  const { key, commitment } = await deriveSealKeys({ ...input, nonce }, primitives)
  if (!equalSecrets(commitment, message.commitment)) return undefined
  return primitives.xchacha20Poly1305.open({ key, nonce, bytes: sealed, associatedData })
}

/**
 * Key and commitment are two halves of one HKDF output, so the second binds the first: two message keys
 * with one commitment would be a collision of HMAC-SHA256. The nonce goes in as salt: a ratchet that was
 * rewound by a backup still never uses a key twice (SES-9).
 */
async function deriveSealKeys(
  input: {
    readonly messageKey: Uint8Array
    readonly nonce: Uint8Array
    readonly associatedData: Uint8Array
  },
  { hkdfSha256, sha256 }: Primitives,
): Promise<{ readonly key: Uint8Array; readonly commitment: Uint8Array }> {
  const info = domainBytes('session commitment', await sha256(input.associatedData))
  const { messageKey: secret, nonce: salt } = input
  const derived = await hkdfSha256({ secret, salt, info, length: 64 })
  return { key: derived.slice(0, 32), commitment: derived.slice(32) }
}

/** Shape of a {@link SealedMessage}. */
export const sealedMessageShape: Shape<SealedMessage> = record({
  nonce: bytes({ length: XCHACHA_NONCE_BYTES }),
  commitment: bytes({ length: 32 }),
  sealed: bytes({ max: MAX_PLAINTEXT_BYTES + AEAD_TAG_BYTES }),
})
