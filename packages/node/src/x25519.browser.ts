import { expandedOnce, KithError, type X25519, X25519_KEY_BYTES } from '@kithmesh/protocol'
import { unshared } from './unshared.browser.ts'

/** PKCS #8 of an X25519 private key, up to its 32 bytes (RFC 8410 §7). */
const PKCS8_PREFIX = Uint8Array.from([
  0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x6e, 0x04, 0x22, 0x04, 0x20,
])

/**
 * X25519 of WebCrypto: 31 µs for a pair, and 61 for an agreement, or 39 if the secret key was used before
 * (noble 83 and 220).
 */
export function subtleX25519(subtle: SubtleCrypto): X25519 {
  // Extractable only for the public half: whoever has it has the secret bytes beside it.
  const importSecret = expandedOnce(async (secretKey): Promise<CryptoKey> => {
    if (secretKey.length !== X25519_KEY_BYTES) throw new TypeError('an X25519 key has 32 bytes')
    const pkcs8 = Uint8Array.of(...PKCS8_PREFIX, ...secretKey)
    return subtle.importKey('pkcs8', pkcs8, 'X25519', true, ['deriveBits'])
  })
  return {
    keyPair: (secretKey) =>
      orRefused(async () => {
        const { x } = await subtle.exportKey('jwk', await importSecret(secretKey))
        return { publicKey: bytesOfBase64url(x ?? ''), secretKey }
      }),
    // WebCrypto fails on the all-zero result of a key of small order (RFC 7748 §6.1).
    agree: (secretKey, publicKey) =>
      orRefused(async () => {
        const [own, theirs] = await Promise.all([
          importSecret(secretKey),
          subtle.importKey('raw', unshared(publicKey), 'X25519', false, []),
        ])
        const shared = await subtle.deriveBits({ name: 'X25519', public: theirs }, own, 256)
        return new Uint8Array(shared)
      }),
  }
}

async function orRefused<T>(compute: () => Promise<T>): Promise<T> {
  try {
    return await compute()
  } catch (cause) {
    throw new KithError('ERR_KEY_REFUSED', 'a key that X25519 refuses', { cause })
  }
}

function bytesOfBase64url(text: string): Uint8Array {
  const binary = atob(text.replaceAll('-', '+').replaceAll('_', '/'))
  return Uint8Array.from(binary, (character) => character.charCodeAt(0))
}
