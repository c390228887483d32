import type { Primitives } from '@kithmesh/protocol'
import { unshared } from './unshared.browser.ts'

/** WebCrypto's Ed25519 verifier, for what costs one session or record at most. */
export function subtleVerifyEd25519(subtle: SubtleCrypto): Primitives['verifyEd25519'] {
  return async ({ publicKey, bytes, signature }) => {
    try {
      const key = await subtle.importKey('raw', unshared(publicKey), 'Ed25519', false, ['verify'])
      return await subtle.verify('Ed25519', key, unshared(signature), unshared(bytes))
    } catch {
      // A key that is not a point: nothing it signs is valid.
      return false
    }
  }
}
