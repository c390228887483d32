import { createHash, hkdfSync } from 'node:crypto'
import { xchacha20, xchacha20poly1305 } from '@noble/ciphers/chacha.js'
import { bytesToNumberLE, numberToBytesLE } from '@noble/curves/utils.js'
import { describe, expect, test } from 'vitest'
import { createEnvironment, createSeededRng, textBytes } from '../../test/session-cast.ts'
import { joinBytes } from '../identity/domain.ts'
import { openMessage, sealMessage } from './message-seal.ts'
import { noblePrimitives } from './noble-primitives.ts'
import type { AeadInput } from './primitives.ts'

const environment = createEnvironment('seal', noblePrimitives)
const associatedData = textBytes('where it belongs')
const keyOf = (seed: string): Uint8Array => createSeededRng(seed).bytes(32)

describe('a sealed message', () => {
  test('SES-10 opens under its own key only', async () => {
    const messageKey = keyOf('one')
    const plaintext = textBytes('hello')
    const message = await sealMessage({ messageKey, plaintext, associatedData }, environment)
    const opened = await openMessage({ messageKey, message, associatedData }, noblePrimitives)
    expect(opened).toEqual(plaintext)
    const other = { messageKey: keyOf('other'), message, associatedData }
    expect(await openMessage(other, noblePrimitives)).toBeUndefined()
  })

  test('SES-10 key and commitment are derived as written', async () => {
    const messageKey = keyOf('one')
    const plaintext = textBytes('hello')
    const message = await sealMessage({ messageKey, plaintext, associatedData }, environment)
    const bound = createHash('sha256').update(associatedData).digest()
    const info = Buffer.concat([Buffer.from('kith/v1/session commitment\0'), bound])
    const derived = new Uint8Array(hkdfSync('sha256', messageKey, message.nonce, info, 64))
    expect(message.commitment).toEqual(derived.slice(32))
    const cipher = xchacha20poly1305(derived.slice(0, 32), message.nonce, associatedData)
    expect(cipher.decrypt(message.sealed)).toEqual(plaintext)
  })

  test('SES-10 opens with its own commitment and associated data only', async () => {
    const messageKey = keyOf('one')
    const plaintext = textBytes('hello')
    const message = await sealMessage({ messageKey, plaintext, associatedData }, environment)
    const committed = { ...message, commitment: keyOf('commitment') }
    const moved = { messageKey, message, associatedData: textBytes('elsewhere') }
    expect(
      await openMessage({ messageKey, message: committed, associatedData }, noblePrimitives),
    ).toBeUndefined()
    expect(await openMessage(moved, noblePrimitives)).toBeUndefined()
  })

  test('SES-10 one ciphertext for two keys, which the cipher alone opens under both, opens under one', async () => {
    const messageKeys = [keyOf('what Ada sees'), keyOf('what Ben sees')] as const
    const nonce = createSeededRng('nonce').bytes(24)
    const first = await deriveFor(messageKeys[0], nonce)
    const second = await deriveFor(messageKeys[1], nonce)
    const sealed = createSalamander([first.key, second.key], nonce)
    const texts = [first, second].map(({ key }) =>
      xchacha20poly1305(key, nonce, associatedData).decrypt(sealed),
    )
    // The attack is real: the bare cipher, without a commitment, authenticates one ciphertext under both keys.
    expect(texts.map(({ length }) => length)).toEqual([48, 48])
    expect(texts[0]).not.toEqual(texts[1])

    const opened: boolean[] = []
    for (const { commitment } of [first, second]) {
      for (const messageKey of messageKeys) {
        const input = { messageKey, message: { nonce, commitment, sealed }, associatedData }
        opened.push((await openMessage(input, noblePrimitives)) !== undefined)
      }
    }
    // Under the first commitment only the first key opens it, under the second only the second.
    expect(opened).toEqual([true, false, false, true])
  })
})

/** The cipher's key and the commitment that a message key and a nonce lead to. */
async function deriveFor(
  messageKey: Uint8Array,
  nonce: Uint8Array,
): Promise<{ readonly key: Uint8Array; readonly commitment: Uint8Array }> {
  let key = new Uint8Array()
  const { xchacha20Poly1305 } = noblePrimitives
  const primitives = {
    ...noblePrimitives,
    xchacha20Poly1305: {
      ...xchacha20Poly1305,
      seal: (input: AeadInput) => {
        key = Uint8Array.from(input.key)
        return xchacha20Poly1305.seal(input)
      },
    },
  }
  const { commitment } = await sealMessage(
    { messageKey, plaintext: new Uint8Array(), associatedData },
    { ...environment, primitives, rng: { bytes: () => nonce } },
  )
  return { key, commitment }
}

const P = 2n ** 130n - 5n
const BLOCK = 2n ** 128n
/** Blocks that Poly1305 sees: one of associated data, three of ciphertext, one of lengths (RFC 8439 §2.8). */
const CIPHERTEXT = [1, 2, 3] as const

/**
 * Ciphertext and tag that XChaCha20-Poly1305 opens under both keys: "invisible salamanders" (Dodis, Grubbs,
 * Ristenpart, Woodage 2018, Fast Message Franking; Len, Grubbs, Ristenpart 2021, Partitioning Oracle Attacks).
 * Poly1305 is linear in each block, so two free blocks solve the two equations.
 */
function createSalamander(keys: readonly [Uint8Array, Uint8Array], nonce: Uint8Array): Uint8Array {
  const one = onceKeyOf(keys[0], nonce)
  const two = onceKeyOf(keys[1], nonce)
  const lengths = new Uint8Array(16)
  lengths[0] = associatedData.length
  lengths[8] = 48
  const padded = new Uint8Array(16)
  padded.set(associatedData)
  const known = [padded, keyOf('first block'), undefined, undefined, lengths].map((block) =>
    block === undefined ? 0n : bytesToNumberLE(block.slice(0, 16)),
  )
  for (let attempt = 0; ; attempt++) {
    const tag = bytesToNumberLE(keyOf(`tag ${attempt}`).slice(0, 16))
    for (let high = 0n; high < 16n; high++) {
      const free = solve(known, [
        { ...one, value: mod(tag - one.s, BLOCK) + (high % 4n) * BLOCK },
        { ...two, value: mod(tag - two.s, BLOCK) + (high / 4n) * BLOCK },
      ])
      if (free === undefined) continue
      const blocks = [known[CIPHERTEXT[0]] ?? 0n, ...free, tag]
      return joinBytes(...blocks.map((block) => numberToBytesLE(block, 16)))
    }
  }
}

interface OnceKey {
  readonly r: bigint
  readonly s: bigint
}

/** The Poly1305 key of a key and nonce: the first keystream block (RFC 8439 §2.6). */
function onceKeyOf(key: Uint8Array, nonce: Uint8Array): OnceKey {
  const block = xchacha20(key, nonce, new Uint8Array(32))
  const clamp = 0x0ffffffc0ffffffc0ffffffc0fffffffn
  return { r: bytesToNumberLE(block.slice(0, 16)) & clamp, s: bytesToNumberLE(block.slice(16)) }
}

/** Blocks 2 and 3, such that both polynomials take their value; nothing when one is no 16-byte block. */
function solve(
  known: readonly bigint[],
  [a, b]: readonly [OnceKey & { value: bigint }, OnceKey & { value: bigint }],
): readonly [bigint, bigint] | undefined {
  const n = known.length
  const rest = ({ r, value }: OnceKey & { value: bigint }): bigint =>
    known.reduce((left, block, at) => left - (block + BLOCK) * power(r, n - at), value)
  const [a2, a3, b2, b3] = [
    power(a.r, n - 2),
    power(a.r, n - 3),
    power(b.r, n - 2),
    power(b.r, n - 3),
  ]
  const inverse = power(mod(a2 * b3 - a3 * b2, P), P - 2n)
  const x = mod((rest(a) * b3 - rest(b) * a3) * inverse, P)
  const y = mod((rest(b) * a2 - rest(a) * b2) * inverse, P)
  return x < BLOCK && y < BLOCK ? [x, y] : undefined
}

function mod(value: bigint, modulus: bigint): bigint {
  return ((value % modulus) + modulus) % modulus
}

function power(base: bigint, exponent: number | bigint): bigint {
  let result = 1n
  let square = mod(base, P)
  for (let rest = BigInt(exponent); rest > 0n; rest >>= 1n) {
    if (rest & 1n) result = mod(result * square, P)
    square = mod(square * square, P)
  }
  return result
}
