import { createCipheriv } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { nobleChaCha20Poly1305, noblePrimitives } from './noble-primitives.ts'

describe('SES-1 a secret of the pure primitives is no window on more bytes', () => {
  const { keyPair, encapsulate, decapsulate } = noblePrimitives.mlKem768
  const bytesBehind = ({ buffer }: Uint8Array): number => buffer.byteLength

  test('nor is the public key of a KEM pair', async () => {
    const { publicKey } = await keyPair(new Uint8Array(64).fill(1))
    expect(bytesBehind(publicKey)).toBe(1184)
  })

  test('which of both sides of a KEM holds it', async () => {
    const { publicKey, secretKey } = await keyPair(new Uint8Array(64).fill(1))
    const { ciphertext, sharedSecret } = await encapsulate(publicKey, new Uint8Array(32).fill(2))
    expect(bytesBehind(sharedSecret)).toBe(32)
    const theirs = await decapsulate(secretKey, ciphertext)
    expect(theirs).toEqual(sharedSecret)
    expect(bytesBehind(theirs)).toBe(32)
  })
})

test('SES-17 the ChaCha20-Poly1305 of lockboxes is that of RFC 8439', () => {
  const [key, nonce] = [new Uint8Array(32).fill(1), new Uint8Array(12).fill(2)]
  const [bytes, associatedData] = [Uint8Array.of(3, 4, 5), Uint8Array.of(6)]
  const cipher = createCipheriv('chacha20-poly1305', key, nonce, { authTagLength: 16 })
  cipher.setAAD(associatedData, { plaintextLength: bytes.length })
  const sealed = Buffer.concat([cipher.update(bytes), cipher.final(), cipher.getAuthTag()])
  const input = { key, nonce, associatedData }
  expect(nobleChaCha20Poly1305.seal({ ...input, bytes })).toEqual(new Uint8Array(sealed))
  expect(nobleChaCha20Poly1305.open({ ...input, bytes: new Uint8Array(sealed) })).toEqual(bytes)
})
