/** Primitives on node:crypto: a second implementation for the tests of the seam, and quick enough for many schedules. */

import {
  createHash,
  createHmac,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  hkdfSync,
} from 'node:crypto'
import { KithError, noblePrimitives, type Primitives } from '../src/index.ts'

/** PKCS #8 and SPKI headers of X25519 (RFC 8410 §7 and §4). */
const PRIVATE_HEADER = Buffer.from('302e020100300506032b656e04220420', 'hex')
const PUBLIC_HEADER = Buffer.from('302a300506032b656e032100', 'hex')

const privateKey = (secretKey: Uint8Array) =>
  createPrivateKey({
    key: Buffer.concat([PRIVATE_HEADER, secretKey]),
    format: 'der',
    type: 'pkcs8',
  })

export const nativePrimitives: Primitives = {
  ...noblePrimitives,
  sha256: (bytes) => Uint8Array.from(createHash('sha256').update(bytes).digest()),
  hmacSha256: (key, bytes) => Uint8Array.from(createHmac('sha256', key).update(bytes).digest()),
  hkdfSha256: ({ secret, salt, info, length }) =>
    new Uint8Array(hkdfSync('sha256', secret, salt, info, length)),
  x25519: {
    keyPair: (secretKey) => {
      const spki = createPublicKey(privateKey(secretKey)).export({ format: 'der', type: 'spki' })
      return { publicKey: Uint8Array.from(spki.subarray(PUBLIC_HEADER.length)), secretKey }
    },
    agree: (secretKey, publicKey) => {
      try {
        const peer = createPublicKey({
          key: Buffer.concat([PUBLIC_HEADER, publicKey]),
          format: 'der',
          type: 'spki',
        })
        return Uint8Array.from(
          diffieHellman({ privateKey: privateKey(secretKey), publicKey: peer }),
        )
      } catch (cause) {
        throw new KithError('ERR_KEY_REFUSED', 'a key that X25519 refuses', { cause })
      }
    },
  },
}
