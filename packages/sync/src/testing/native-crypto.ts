import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createPrivateKey,
  createPublicKey,
  type KeyObject,
  sign,
  verify,
} from 'node:crypto'
import type { Signer } from '@kithmesh/protocol'
import { nobleRecordCrypto, type RecordCrypto } from '../log/record-crypto.ts'
import { seedNumber, signerNumber } from './devices.ts'

/** Native AES, SHA and signatures, as a Node host hands in. */
export const nativeCrypto: RecordCrypto = {
  ...nobleRecordCrypto,
  verify: (publicKey, bytes, signature) => verify(null, bytes, publicKeyOf(publicKey), signature),
  sha256: (bytes) => new Uint8Array(createHash('sha256').update(bytes).digest()),
  aes256Gcm: {
    seal: ({ key, nonce, bytes, associatedData }) => {
      const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(associatedData)
      const parts = [cipher.update(bytes), cipher.final()]
      return new Uint8Array(Buffer.concat([...parts, cipher.getAuthTag()]))
    },
    open: ({ key, nonce, bytes, associatedData }) => {
      const decipher = createDecipheriv('aes-256-gcm', key, nonce).setAAD(associatedData)
      decipher.setAuthTag(bytes.subarray(-16))
      try {
        const parts = [decipher.update(bytes.subarray(0, -16)), decipher.final()]
        return new Uint8Array(Buffer.concat(parts))
      } catch {
        return undefined
      }
    },
  },
}

/** Signs natively, with the bytes before an Ed25519 seed in PKCS #8 (RFC 8410 §7). */
export function nativeSigner(number: number): Signer {
  const head = Buffer.from('302e020100300506032b657004220420', 'hex')
  const der = Buffer.concat([head, seedNumber(number)])
  const key = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' })
  const { publicKey } = signerNumber(number)
  return { publicKey, sign: async (bytes) => new Uint8Array(sign(null, bytes, key)) }
}

/** With the bytes before an Ed25519 key in SPKI (RFC 8410 §4). */
function publicKeyOf(raw: Uint8Array): KeyObject {
  const name = raw.join()
  const der = Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), raw])
  const key = publicKeys.get(name) ?? createPublicKey({ key: der, format: 'der', type: 'spki' })
  publicKeys.set(name, key)
  return key
}

const publicKeys = new Map<string, KeyObject>()
