/** The AEADs of WebCrypto, in the form of the seam. */

import {
  AEAD_TAG_BYTES,
  type Aead,
  type AeadInput,
  CHACHA_NONCE_BYTES,
  checkAeadInput,
  GCM_NONCE_BYTES,
} from '@kithmesh/protocol'
import type { ModernSubtle } from './modern-subtle.browser.ts'
import { unshared } from './unshared.browser.ts'

/** AES-256-GCM: 6 µs at 64 bytes and 14 at 64 KiB (noble 20 and 1,210). */
export function subtleAes256Gcm(subtle: SubtleCrypto): Aead {
  return aeadOf(subtle, {
    name: 'AES-GCM',
    nonceBytes: GCM_NONCE_BYTES,
    importKey: (key, use) => subtle.importKey('raw', key, 'AES-GCM', false, [use]),
  })
}

/** ChaCha20-Poly1305 with the 12-byte nonces of RFC 8439. */
export function subtleChaCha20Poly1305(subtle: SubtleCrypto & ModernSubtle): Aead {
  return aeadOf(subtle, {
    name: 'ChaCha20-Poly1305',
    nonceBytes: CHACHA_NONCE_BYTES,
    importKey: (key, use) => subtle.importKey('raw-secret', key, 'ChaCha20-Poly1305', false, [use]),
  })
}

interface SubtleAead {
  readonly name: 'AES-GCM' | 'ChaCha20-Poly1305'
  readonly nonceBytes: number
  importKey(key: Uint8Array<ArrayBuffer>, use: 'encrypt' | 'decrypt'): Promise<CryptoKey>
}

/** WebCrypto, too, puts the 16-byte tag behind the ciphertext. */
function aeadOf(subtle: SubtleCrypto, { name, nonceBytes, importKey }: SubtleAead): Aead {
  const paramsOf = ({ nonce, associatedData }: AeadInput): AesGcmParams => ({
    name,
    iv: unshared(nonce),
    additionalData: unshared(associatedData),
  })
  return {
    seal: async (input) => {
      const { key, bytes } = checkAeadInput(input, nonceBytes)
      const sealing = await importKey(unshared(key), 'encrypt')
      return new Uint8Array(await subtle.encrypt(paramsOf(input), sealing, unshared(bytes)))
    },
    open: async (input) => {
      const { key, bytes } = checkAeadInput(input, nonceBytes)
      if (bytes.length < AEAD_TAG_BYTES) return undefined
      const opening = await importKey(unshared(key), 'decrypt')
      return subtle.decrypt(paramsOf(input), opening, unshared(bytes)).then(
        (plaintext) => new Uint8Array(plaintext),
        () => undefined,
      )
    },
  }
}
