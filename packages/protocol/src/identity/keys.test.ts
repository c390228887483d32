import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { Point } from '@noble/ed25519'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { domainBytes, type Purpose } from './domain.ts'
import { isEnrollableKey, signerFromSeed, verifySignature } from './keys.ts'

const seed = fc.uint8Array({ minLength: 32, maxLength: 32 })
const hex = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'hex'))

describe('ID-5 one verifier', () => {
  test('what a signer signs holds, for these bytes and this key only', async () => {
    await fc.assert(
      fc.asyncProperty(seed, fc.uint8Array(), fc.nat(511), async (secret, bytes, bit) => {
        const signer = signerFromSeed(secret)
        const signature = await signer.sign(bytes)
        expect(verifySignature(signer.publicKey, bytes, signature)).toBe(true)
        const bent = Uint8Array.from(signature)
        bent[bit >> 3] = (bent[bit >> 3] ?? 0) ^ (1 << (bit & 7))
        expect(verifySignature(signer.publicKey, bytes, bent)).toBe(false)
        expect(verifySignature(signer.publicKey, Uint8Array.of(...bytes, 0), signature)).toBe(false)
      }),
      { numRuns: 15 },
    )
  })

  test('the signature of RFC 8032 §7.1, test 3', async () => {
    const signer = signerFromSeed(
      hex('c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7'),
    )
    expect(Buffer.from(signer.publicKey).toString('hex')).toBe(
      'fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025',
    )
    expect(Buffer.from(await signer.sign(hex('af82'))).toString('hex')).toBe(
      '6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a',
    )
  })

  test('lengths that are none are refused without an exception', () => {
    expect(verifySignature(new Uint8Array(31), new Uint8Array(), new Uint8Array(64))).toBe(false)
    expect(verifySignature(new Uint8Array(32), new Uint8Array(), new Uint8Array(63))).toBe(false)
    const { publicKey } = signerFromSeed(new Uint8Array(32).fill(6))
    expect(
      verifySignature(Uint8Array.of(...publicKey, 0), new Uint8Array(), new Uint8Array(64)),
    ).toBe(false)
    expect(verifySignature(publicKey, new Uint8Array(), new Uint8Array(65))).toBe(false)
    expect(isEnrollableKey(Uint8Array.of(...publicKey, 0))).toBe(false)
    expect(isEnrollableKey(publicKey.slice(1))).toBe(false)
    expect(isEnrollableKey(new Uint8Array(33))).toBe(false)
  })
})

describe('ID-2 domains', () => {
  test('A3 bytes for one purpose are never bytes for another', () => {
    const purpose = fc.constantFrom<Purpose>('device log entry', 'device log root', 'link proof')
    fc.assert(
      fc.property(purpose, purpose, fc.uint8Array(), fc.uint8Array(), (one, other, a, b) => {
        const equal = Buffer.from(domainBytes(one, a)).equals(domainBytes(other, b))
        expect(equal).toBe(one === other && Buffer.from(a).equals(b))
      }),
    )
  })

  test('the bytes of a purpose', () => {
    const bytes = domainBytes('link proof', Uint8Array.of(7), Uint8Array.of(8, 9))
    expect(Buffer.from(bytes).toString('latin1')).toBe('kith/v1/link proof\0\x07\x08\x09')
  })
})

describe('ID-6 keys that may be enrolled', () => {
  test('a key from any seed may', () => {
    fc.assert(
      fc.property(seed, (secret) => isEnrollableKey(signerFromSeed(secret).publicKey)),
      { numRuns: 15 },
    )
  })

  test('an honest key with a point of order 8 added to it may not', () => {
    const honest = Point.fromBytes(signerFromSeed(new Uint8Array(32).fill(6)).publicKey)
    const orderEight = Point.fromHex(
      'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
    )
    expect(isEnrollableKey(honest.toBytes())).toBe(true)
    expect(isEnrollableKey(honest.add(orderEight).toBytes())).toBe(false)
  })

  test.each([
    ['the neutral element', '0100000000000000000000000000000000000000000000000000000000000000'],
    ['a point of order 2', 'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f'],
    ['a point of order 4', '0000000000000000000000000000000000000000000000000000000000000000'],
    ['a point of order 8', 'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a'],
    ['y = p, not canonical', 'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f'],
    ['y = 1 with a sign', '0100000000000000000000000000000000000000000000000000000000000080'],
    ['no point of the curve', '0200000000000000000000000000000000000000000000000000000000000000'],
  ])('%s may not', (_, key) => {
    expect(isEnrollableKey(hex(key))).toBe(false)
  })
})

interface Speccheck {
  readonly message: string
  readonly pub_key: string
  readonly signature: string
}

interface Wycheproof {
  readonly testGroups: readonly {
    readonly publicKey: { readonly pk: string }
    readonly tests: readonly {
      readonly tcId: number
      readonly msg: string
      readonly sig: string
      readonly result: string
    }[]
  }[]
}

const vectors = fileURLToPath(new URL('../../../../../shared/vectors/', import.meta.url))
const read = <T>(file: string): T => JSON.parse(readFileSync(`${vectors}${file}`, 'utf8'))
const absent = existsSync(vectors) ? '' : ' (skipped: no ../shared/vectors beside the repository)'

describe.skipIf(absent !== '')(`public vectors${absent}`, () => {
  test('ID-5 ed25519-speccheck: the verifier follows ZIP-215', () => {
    const cases = read<readonly Speccheck[]>('ed25519-speccheck/cases.json')
    const verdicts = cases.map(({ message, pub_key, signature }) =>
      verifySignature(hex(pub_key), hex(message), hex(signature)),
    )
    // Row "Zebra" (ZIP-215) of the table in the README of novifinancial/ed25519-speccheck.
    expect(verdicts.map((holds) => (holds ? 'V' : 'X')).join('')).toBe('VVVVVVXXXVVV')
  })

  test('ID-6 ed25519-speccheck: verifiers disagree under no key that may be enrolled', () => {
    const cases = read<readonly Speccheck[]>('ed25519-speccheck/cases.json')
    const enrollable = cases.map(({ pub_key }) => isEnrollableKey(hex(pub_key)))
    // 6 and 7 are sound keys with a scalar above the group order, which no verifier of that table but
    // the oldest accepts, and ours does not.
    expect(enrollable.map((may) => (may ? 'V' : 'X')).join('')).toBe('XXXXXXVVXXXX')
  })

  test('ID-5 wycheproof: as listed, but for the one that ZIP-215 accepts', () => {
    const { testGroups } = read<Wycheproof>('wycheproof/ed25519_test.json')
    const otherwise = testGroups.flatMap(({ publicKey, tests }) =>
      tests.filter(({ msg, sig, result }) => {
        const holds = verifySignature(hex(publicKey.pk), hex(msg), hex(sig))
        return holds !== (result === 'valid')
      }),
    )
    expect(otherwise.map(({ tcId }) => tcId)).toEqual([151])
  })
})
