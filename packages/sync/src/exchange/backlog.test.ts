import { createCipheriv, createDecipheriv, createHash, createPrivateKey, sign } from 'node:crypto'
import type { Signer } from '@kithmesh/protocol'
import { expect, test } from 'vitest'
import { nobleRecordCrypto, type RecordCrypto } from '../log/record-crypto.ts'
import { countRanges } from '../range-set.ts'
import { note, openDevice, seedNumber, signerNumber, type TestDevice } from '../testing/devices.ts'
import { meet } from '../testing/meeting.ts'
import { MAX_FRAME_BYTES } from './frames.ts'

/** Native AES and SHA, as a Node host hands in. */
const nativeCrypto: RecordCrypto = {
  ...nobleRecordCrypto,
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
function nativeSigner(number: number): Signer {
  const head = Buffer.from('302e020100300506032b657004220420', 'hex')
  const der = Buffer.concat([head, seedNumber(number)])
  const key = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' })
  const { publicKey } = signerNumber(number)
  return { publicKey, sign: async (bytes) => new Uint8Array(sign(null, bytes, key)) }
}

const held = ({ log }: TestDevice): number =>
  log.holdings().reduce((sum, { stored }) => sum + countRanges(stored), 0)

test('D6 a backlog of 10,000 records crosses in about the time it took to write, in bounded pieces', async () => {
  const ada = await openDevice(1, { crypto: nativeCrypto, signer: nativeSigner(1) })
  const began = performance.now()
  for (let at = 0; at < 10_000; at += 1) {
    await ada.log.append({ lane: 'messages', contents: [note(`message ${at}`)] })
  }
  const ben = await openDevice(2, { crypto: nativeCrypto, signer: nativeSigner(2) })
  const written = performance.now()
  const meeting = meet(ada, ben)
  await meeting.caughtUp()
  // As a ratio within one run, whatever else the machine does: about as long as sealing and
  // signing them took.
  const [writing, crossing] = [written - began, performance.now() - written]
  expect(crossing).toBeLessThan(4 * writing)
  expect(held(ben)).toBe(10_000)
  expect(Math.max(...meeting.line.frames.map(({ length }) => length))).toBeLessThan(MAX_FRAME_BYTES)
  await meeting.close()
})
