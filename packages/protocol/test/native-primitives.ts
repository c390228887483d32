/** Primitives on node:crypto: a second implementation for the tests of the seam, and quick enough for many schedules. */

import {
  createHash,
  createHmac,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  hkdfSync,
  type KeyObject,
} from 'node:crypto'
import { expandedOnce, KithError, noblePrimitives, type Primitives } from '../src/index.ts'

/** What `hkdfSync` takes. */
const MAX_HKDF_INFO_BYTES = 1024

const base64url = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64url')

const privateKey = expandedOnce((secretKey): KeyObject => {
  const d = base64url(secretKey)
  return createPrivateKey({ key: { kty: 'OKP', crv: 'X25519', d, x: d }, format: 'jwk' })
})

export const nativePrimitives: Primitives = {
  ...noblePrimitives,
  sha256: (bytes) => Uint8Array.from(createHash('sha256').update(bytes).digest()),
  hmacSha256: (key, bytes) => Uint8Array.from(createHmac('sha256', key).update(bytes).digest()),
  hkdfSha256: (input) => {
    const { secret, salt, info, length } = input
    if (info.length > MAX_HKDF_INFO_BYTES) return noblePrimitives.hkdfSha256(input)
    return new Uint8Array(hkdfSync('sha256', secret, salt, info, length))
  },
  x25519: {
    keyPair: (secretKey) =>
      orRefused(() => {
        const { x } = createPublicKey(privateKey(secretKey)).export({ format: 'jwk' })
        return { publicKey: Uint8Array.from(Buffer.from(x ?? '', 'base64url')), secretKey }
      }),
    agree: (secretKey, publicKey) =>
      orRefused(() => {
        const x = base64url(publicKey)
        const peer = createPublicKey({ key: { kty: 'OKP', crv: 'X25519', x }, format: 'jwk' })
        return Uint8Array.from(
          diffieHellman({ privateKey: privateKey(secretKey), publicKey: peer }),
        )
      }),
  },
}

function orRefused<T>(compute: () => T): T {
  try {
    return compute()
  } catch (cause) {
    throw new KithError('ERR_KEY_REFUSED', 'a key that X25519 refuses', { cause })
  }
}
