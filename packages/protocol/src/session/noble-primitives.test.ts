import { describe, expect, test } from 'vitest'
import { noblePrimitives } from './noble-primitives.ts'

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
