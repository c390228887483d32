import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign,
} from 'node:crypto'
import type { NetIdentity } from '@kithmesh/net'
import { RelayError } from '../errors.ts'

/** A new key as PKCS #8 PEM, the form it is kept in. */
export function generateKeyPem(): string {
  const { privateKey } = generateKeyPairSync('ed25519')
  return privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
}

/** The relay's Ed25519 key, which is its peer id. @throws ERR_KEY_MALFORMED */
export function identityFromPem(pem: string): NetIdentity {
  const privateKey = parseKey(pem)
  return {
    publicKey: rawPublicKey(privateKey),
    sign: async (bytes) => new Uint8Array(sign(null, bytes, privateKey)),
  }
}

function parseKey(pem: string): KeyObject {
  const key = tryParse(pem)
  if (key?.asymmetricKeyType === 'ed25519') return key
  throw new RelayError('ERR_KEY_MALFORMED', 'The key file holds no Ed25519 key', {
    hint: 'Put back the key file from your backup, or remove it to become a new relay.',
  })
}

function tryParse(pem: string): KeyObject | undefined {
  try {
    return createPrivateKey(pem)
  } catch {
    return undefined
  }
}

function rawPublicKey(privateKey: KeyObject): Uint8Array {
  const jwk = createPublicKey(privateKey).export({ format: 'jwk' })
  return new Uint8Array(Buffer.from(jwk.x ?? '', 'base64url'))
}
