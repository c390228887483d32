/**
 * X-Wing (draft-connolly-cfrg-xwing-kem-10 §5): ML-KEM-768 and X25519 as one KEM, safe as long as one of
 * them is. Composed of its two parts here, because the key of a device is: its halves stand in the device
 * card as prekeys. That the composition is X-Wing is proved against noble's and the published vectors.
 */

import { x25519 } from '@noble/curves/ed25519.js'
import { sha3_256, shake256 } from '@noble/hashes/sha3.js'
import { ml_kem768 } from '@noble/post-quantum/ml-kem.js'
import { KithError } from '../errors.ts'
import { joinBytes } from '../identity/domain.ts'
import {
  type Encapsulated,
  KEM_CIPHERTEXT_BYTES,
  KEM_PUBLIC_KEY_BYTES,
  KEM_RANDOMNESS_BYTES,
  KEM_SEED_BYTES,
  X25519_KEY_BYTES,
} from '../session/primitives.ts'

/** Both halves of an X-Wing decapsulation key, secret. */
export interface XWingSecret {
  /** The 64-byte seed d ‖ z of ML-KEM-768 (FIPS 203 §7.1). */
  readonly mlkem: Uint8Array
  /** 32 bytes. */
  readonly x25519: Uint8Array
}

/** Length of a public key: ML-KEM-768 key ‖ X25519 key. */
export const XWING_PUBLIC_KEY_BYTES: number = KEM_PUBLIC_KEY_BYTES + X25519_KEY_BYTES
/** Length of a ciphertext: ML-KEM-768 ciphertext ‖ ephemeral X25519 key. */
export const XWING_CIPHERTEXT_BYTES: number = KEM_CIPHERTEXT_BYTES + X25519_KEY_BYTES
/** Length of the randomness of one encapsulation: that of ML-KEM, then the ephemeral X25519 secret. */
export const XWING_RANDOMNESS_BYTES: number = KEM_RANDOMNESS_BYTES + X25519_KEY_BYTES
/** Length of the seed that both halves may be expanded from. */
export const XWING_SEED_BYTES = 32

/** `\.//^\`, the label of the combiner (§5.3). */
const LABEL: Uint8Array = Uint8Array.of(0x5c, 0x2e, 0x2f, 0x2f, 0x5e, 0x5c)

/** Both halves of a 32-byte seed (§5.2). */
export function expandXWingSeed(seed: Uint8Array): XWingSecret {
  const expanded = shake256(seed, { dkLen: KEM_SEED_BYTES + X25519_KEY_BYTES })
  return { mlkem: expanded.slice(0, KEM_SEED_BYTES), x25519: expanded.slice(KEM_SEED_BYTES) }
}

/** `randomness`: 64 fresh bytes (§5.4). @throws ERR_KEY_REFUSED for a key that one of the two refuses */
export function encapsulateXWing(publicKey: Uint8Array, randomness: Uint8Array): Encapsulated {
  const toMlkem = publicKey.slice(0, KEM_PUBLIC_KEY_BYTES)
  const toX25519 = publicKey.slice(KEM_PUBLIC_KEY_BYTES)
  const ephemeral = randomness.slice(KEM_RANDOMNESS_BYTES)
  try {
    const mlkem = ml_kem768.encapsulate(toMlkem, randomness.slice(0, KEM_RANDOMNESS_BYTES))
    const ephemeralKey = x25519.getPublicKey(ephemeral)
    const sharedSecret = combine({
      mlkem: mlkem.sharedSecret,
      x25519: x25519.getSharedSecret(ephemeral, toX25519),
      ephemeralKey,
      toX25519,
    })
    return { ciphertext: joinBytes(mlkem.cipherText, ephemeralKey), sharedSecret }
  } catch (cause) {
    throw new KithError('ERR_KEY_REFUSED', 'a key that X-Wing refuses', { cause })
  }
}

/**
 * The secret of a ciphertext (§5.5); one made for another key yields another secret. Nothing for an
 * ephemeral key of small order: whoever holds the X25519 half alone could not tell it from an honest one,
 * but nobody honest sends it (RFC 7748 §6.1).
 */
export function decapsulateXWing(
  secret: XWingSecret,
  ciphertext: Uint8Array,
): Uint8Array | undefined {
  const ephemeralKey = ciphertext.slice(KEM_CIPHERTEXT_BYTES)
  const fromX25519 = agreed(secret.x25519, ephemeralKey)
  if (fromX25519 === undefined) return undefined
  const { secretKey } = ml_kem768.keygen(secret.mlkem)
  return combine({
    mlkem: ml_kem768.decapsulate(ciphertext.slice(0, KEM_CIPHERTEXT_BYTES), secretKey),
    x25519: fromX25519,
    ephemeralKey,
    toX25519: x25519.getPublicKey(secret.x25519),
  })
}

function agreed(secretKey: Uint8Array, publicKey: Uint8Array): Uint8Array | undefined {
  try {
    return x25519.getSharedSecret(secretKey, publicKey)
  } catch {
    return undefined
  }
}

/** §5.3: the ML-KEM ciphertext need not be hashed, its own key derivation binds it. */
function combine(parts: {
  readonly mlkem: Uint8Array
  readonly x25519: Uint8Array
  readonly ephemeralKey: Uint8Array
  readonly toX25519: Uint8Array
}): Uint8Array {
  const { mlkem, ephemeralKey, toX25519 } = parts
  return sha3_256(joinBytes(mlkem, parts.x25519, ephemeralKey, toX25519, LABEL))
}
