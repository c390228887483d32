/**
 * XChaCha20-Poly1305 (draft-irtf-cfrg-xchacha-03 §2) on a platform's own ChaCha20-Poly1305 (RFC 8439): no
 * platform has the long nonces, and several have the rest natively.
 */

import { hchacha } from '@noble/ciphers/chacha.js'
import { checkAeadInput } from './aead-input.ts'
import { type Aead, type AeadInput, CHACHA_NONCE_BYTES, XCHACHA_NONCE_BYTES } from './primitives.ts'

/** The part of the nonce that goes into the subkey (§2.2); the rest is the nonce under it. */
const SUBKEY_NONCE_BYTES = 16

/** XChaCha20-Poly1305 of a ChaCha20-Poly1305 that takes 12-byte nonces. */
export function xchachaOver(chacha20Poly1305: Aead): Aead {
  return {
    seal: (input) => chacha20Poly1305.seal(underSubkey(input)),
    open: (input) => chacha20Poly1305.open(underSubkey(input)),
  }
}

/** §2.3: the subkey of key and first 16 bytes; as nonce four zero bytes, then the last 8. */
function underSubkey(input: AeadInput): AeadInput {
  const { key, nonce } = checkAeadInput(input, XCHACHA_NONCE_BYTES)
  const rest = nonce.subarray(SUBKEY_NONCE_BYTES)
  const shortNonce = new Uint8Array(CHACHA_NONCE_BYTES)
  shortNonce.set(rest, CHACHA_NONCE_BYTES - rest.length)
  return { ...input, key: hchacha20(key, nonce), nonce: shortNonce }
}

/** "expand 32-byte k" (RFC 8439 §2.3). */
const SIGMA: Uint32Array = words(new TextEncoder().encode('expand 32-byte k'))

/** HChaCha20 (§2.2), its 32 bytes. */
function hchacha20(key: Uint8Array, nonce: Uint8Array): Uint8Array {
  const subkey = new Uint32Array(8)
  hchacha(SIGMA, words(key), words(nonce.subarray(0, SUBKEY_NONCE_BYTES)), subkey)
  return new Uint8Array(subkey.buffer)
}

/** The bytes as words, in the order of the machine: noble puts them right. A copy, since words are aligned. */
function words(bytes: Uint8Array): Uint32Array {
  return new Uint32Array(new Uint8Array(bytes).buffer)
}
