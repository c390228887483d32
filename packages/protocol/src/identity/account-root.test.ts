import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { ml_kem768_x25519 as xwing } from '@noble/post-quantum/hybrid.js'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isKithError } from '../errors.ts'
import { deriveAccountRoot, entropyFromWords, recoveryWords } from './account-root.ts'
import { isEnrollableKey } from './keys.ts'

const entropy = fc.uint8Array({ minLength: 16, maxLength: 16 })
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

function refused(run: () => unknown): boolean {
  try {
    run()
    return false
  } catch (error) {
    return isKithError(error, 'ERR_WORDS')
  }
}

describe('ID-7 the account root', () => {
  test('is the same whenever it is derived, and of sound keys', () => {
    fc.assert(
      fc.property(entropy, (bytes) => {
        const root = deriveAccountRoot(bytes)
        expect(deriveAccountRoot(Uint8Array.from(bytes)).signer.publicKey).toEqual(
          root.signer.publicKey,
        )
        expect(isEnrollableKey(root.signer.publicKey)).toBe(true)
        expect(root.recoveryPublicKey).toHaveLength(1216)
        expect(hex(root.recoverySecretKey)).not.toBe(hex(root.signer.publicKey))
      }),
      { numRuns: 5 },
    )
  })

  test('never changes: the keys of one entropy, as they have been from the first version on', () => {
    const root = deriveAccountRoot(new Uint8Array(16).fill(7))
    expect(hex(root.signer.publicKey)).toMatchInlineSnapshot(
      `"2f61fd1306f99c5cc05d313be34a8b5341bb01e5eea8daa5db1f4c0831501187"`,
    )
    expect(hex(root.recoverySecretKey)).toMatchInlineSnapshot(
      `"d1a890785fa4375ede284435f306e1c4aeddad7d0cde71f39ce441563e3683fb"`,
    )
  })

  test('its recovery key opens what is sealed to it', () => {
    const root = deriveAccountRoot(new Uint8Array(16).fill(9))
    const { cipherText, sharedSecret } = xwing.encapsulate(root.recoveryPublicKey)
    expect(xwing.decapsulate(cipherText, root.recoverySecretKey)).toEqual(sharedSecret)
  })

  test('entropy of another length is refused', () => {
    expect(refused(() => deriveAccountRoot(new Uint8Array(15)))).toBe(true)
    expect(refused(() => recoveryWords(new Uint8Array(32)))).toBe(true)
  })
})

describe('ID-8 recovery words', () => {
  test('round trip, in any case and with any white space', () => {
    fc.assert(
      fc.property(entropy, (bytes) => {
        const words = recoveryWords(bytes)
        expect(words.split(' ')).toHaveLength(12)
        const typed = ` ${words.toUpperCase().replaceAll(' ', '\n \t')} `
        expect(entropyFromWords(typed)).toEqual(bytes)
      }),
      { numRuns: 30 },
    )
  })

  test('the words of the BIP39 vector', () => {
    expect(recoveryWords(new Uint8Array(16).fill(0x7f))).toBe(
      'legal winner thank year wave sausage worth useful legal winner thank yellow',
    )
  })

  test.each([
    ['one missing', 'legal winner thank year wave sausage worth useful legal winner thank'],
    [
      'an unknown word',
      'legal winner thank year wave sausage worth useful legal winner thank kith',
    ],
    [
      'a wrong checksum',
      'legal winner thank year wave sausage worth useful legal winner thank year',
    ],
    ['24 words', `${'abandon '.repeat(23)}art`],
    ['nothing', ''],
    ['a megabyte', 'legal '.repeat(1 << 17)],
  ])('%s is refused', (_, words) => {
    expect(refused(() => entropyFromWords(words))).toBe(true)
  })

  test('in full width, as some keyboards write', () => {
    const words = recoveryWords(new Uint8Array(16).fill(0x7f))
    const wide = words.replaceAll(/[a-z]/g, (letter) =>
      String.fromCharCode(letter.charCodeAt(0) + 0xfee0),
    )
    expect(wide.startsWith('\uff4c')).toBe(true)
    expect(entropyFromWords(wide)).toEqual(new Uint8Array(16).fill(0x7f))
  })

  test('up to 1,024 characters are looked at', () => {
    const words = recoveryWords(new Uint8Array(16).fill(0x7f))
    expect(entropyFromWords(words.padEnd(1024))).toEqual(new Uint8Array(16).fill(0x7f))
    expect(refused(() => entropyFromWords(words.padEnd(1025)))).toBe(true)
  })

  test('a refusal does not quote a word', () => {
    const words = 'legal winner thank year wave sausage worth useful legal winner thank kith'
    const refusal = (() => {
      try {
        return entropyFromWords(words)
      } catch (error) {
        return error
      }
    })()
    expect(isKithError(refusal, 'ERR_WORDS')).toBe(true)
    const text = JSON.stringify(refusal, Object.getOwnPropertyNames(refusal))
    expect(text).not.toMatch(/winner|"kith/)
  })
})

const vectors = fileURLToPath(
  new URL('../../../../../shared/vectors/xwing/test-vectors-MLKEM768X25519.json', import.meta.url),
)
const absent = existsSync(vectors) ? '' : ' (skipped: no ../shared/vectors beside the repository)'

describe.skipIf(absent !== '')(`public vectors${absent}`, () => {
  test('ID-7 X-Wing', () => {
    const cases: readonly Record<'seed' | 'pk' | 'ct' | 'ss', string>[] = JSON.parse(
      readFileSync(vectors, 'utf8'),
    )
    for (const { seed, pk, ct, ss } of cases) {
      const pair = xwing.keygen(Uint8Array.from(Buffer.from(seed, 'hex')))
      expect(hex(pair.publicKey)).toBe(pk)
      const shared = xwing.decapsulate(Uint8Array.from(Buffer.from(ct, 'hex')), pair.secretKey)
      expect(hex(shared)).toBe(ss)
    }
    expect(cases.length).toBeGreaterThan(5)
  })
})
