import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign,
} from 'node:crypto'
import { RelayError } from './errors.ts'
import { bytesField, concat, numberField } from './protobuf.ts'

/** The relay's Ed25519 key, which is its peer id. */
export interface RelayIdentity {
  /** Raw public key, 32 bytes. */
  readonly publicKey: Uint8Array
  /** The public key as libp2p writes it. */
  readonly publicKeyMessage: Uint8Array
  /** The peer id as bytes: identity multihash of the public key message. */
  readonly multihash: Uint8Array
  /** Ed25519 signature, 64 bytes. */
  sign(bytes: Uint8Array): Promise<Uint8Array>
}

/** A new key as PKCS #8 PEM, the form it is kept in. */
export function generateKeyPem(): string {
  const { privateKey } = generateKeyPairSync('ed25519')
  return privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
}

/** @throws ERR_KEY_MALFORMED */
export function identityFromPem(pem: string): RelayIdentity {
  const privateKey = parseKey(pem)
  const publicKey = rawPublicKey(privateKey)
  const publicKeyMessage = concat([
    numberField(PUBLIC_KEY.type, ED25519),
    bytesField(PUBLIC_KEY.data, publicKey),
  ])
  return {
    publicKey,
    publicKeyMessage,
    multihash: concat([Uint8Array.of(IDENTITY_HASH, publicKeyMessage.length), publicKeyMessage]),
    sign: async (bytes) => new Uint8Array(sign(null, bytes, privateKey)),
  }
}

/** libp2p's `PublicKey` message (https://github.com/libp2p/specs/blob/master/peer-ids/peer-ids.md#keys). */
const PUBLIC_KEY = { type: 1, data: 2 } as const
const ED25519 = 1
/** Multihash code of bytes that stand for themselves. */
const IDENTITY_HASH = 0

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
