import { chacha20poly1305 } from '@noble/ciphers/chacha.js'
import { bytesToHex } from '@noble/hashes/utils.js'
import { expect, test } from 'vitest'
import { noblePrimitives } from './noble-primitives.ts'
import type { Aead, AeadInput } from './primitives.ts'
import { xchachaOver } from './xchacha.ts'

/** Shows what it is given. */
function recorder(): { readonly aead: Aead; readonly given: AeadInput[] } {
  const given: AeadInput[] = []
  const record = (input: AeadInput): Uint8Array => {
    given.push(input)
    return new Uint8Array()
  }
  return { aead: { seal: record, open: record }, given }
}

const KEY = Uint8Array.from({ length: 32 }, (_, index) => index)
const input = {
  key: KEY,
  // HChaCha20's nonce in draft-irtf-cfrg-xchacha-03 §2.2.1, then 8 bytes more.
  nonce: Uint8Array.of(
    0,
    0,
    0,
    9,
    0,
    0,
    0,
    0x4a,
    0,
    0,
    0,
    0,
    0x31,
    0x41,
    0x59,
    0x27,
    1,
    2,
    3,
    4,
    5,
    6,
    7,
    8,
  ),
  bytes: Uint8Array.of(1),
  associatedData: Uint8Array.of(2),
}

test('SES-1 the subkey is that of the draft (§2.2.1), under the last 8 bytes of the nonce (§2.3)', async () => {
  const { aead, given } = recorder()
  await xchachaOver(aead).seal(input)
  await xchachaOver(aead).open(input)
  for (const { key, nonce, bytes, associatedData } of given) {
    expect(bytesToHex(key)).toBe('82413b4227b27bfed30e42508a877d73a0f9e4d58a74a853c12ec41326d3ecdc')
    expect(bytesToHex(nonce)).toBe('000000000102030405060708')
    expect({ bytes, associatedData }).toEqual({
      bytes: input.bytes,
      associatedData: input.associatedData,
    })
  }
  expect(given).toHaveLength(2)
})

test('SES-1 another length of key or nonce is refused before anything is derived', () => {
  const { aead, given } = recorder()
  const refused = expect.objectContaining({ code: 'ERR_KEY_REFUSED' })
  expect(() => xchachaOver(aead).seal({ ...input, key: KEY.slice(1) })).toThrow(refused)
  expect(() => xchachaOver(aead).open({ ...input, nonce: KEY.slice(0, 12) })).toThrow(refused)
  expect(given).toEqual([])
})

test('SES-1 it seals what noble opens', async () => {
  const xchacha = xchachaOver({
    seal: ({ key, nonce, associatedData, bytes }) =>
      chacha20poly1305(key, nonce, associatedData).encrypt(bytes),
    open: () => undefined,
  })
  const sealed = await xchacha.seal(input)
  expect(await noblePrimitives.xchacha20Poly1305.open({ ...input, bytes: sealed })).toEqual(
    input.bytes,
  )
})
