/**
 * The compliance suite of the {@link Primitives} seam: published vectors, and what must be refused. Free of
 * any test framework, so that every platform package runs it in its own tests.
 */

import { hexToBytes, utf8ToBytes } from '@noble/hashes/utils.js'
import { equalBytes } from '../codec/bytes.ts'
import { GCM_CHECKS, XCHACHA_CHECKS } from './compliance/aead-check.ts'
import { type Check, isHex, isRefused } from './compliance/check.ts'
import { ED25519_CHECKS } from './compliance/ed25519-check.ts'
import { MEMORY_CHECKS } from './compliance/memory-check.ts'
import { SIZE_CHECKS } from './compliance/size-check.ts'
import type { Primitives } from './primitives.ts'

/**
 * The names of the vectors that `primitives` fail; none when they may stand in for `noblePrimitives`.
 *
 * @example
 * ```ts
 * test('SES-1 native primitives agree with the vectors', async () => {
 *   expect(await checkPrimitives(nativePrimitives)).toEqual([])
 * })
 * ```
 */
export async function checkPrimitives(primitives: Primitives): Promise<readonly string[]> {
  const failed: string[] = []
  for (const { name, holds } of CHECKS) {
    if (!(await holdsQuietly(() => holds(primitives)))) failed.push(name)
  }
  return failed
}

async function holdsQuietly(holds: () => Promise<boolean>): Promise<boolean> {
  try {
    return await holds()
  } catch {
    return false
  }
}

const HASH_CHECKS: readonly Check[] = [
  {
    name: 'SHA-256 "abc" (FIPS 180-4)',
    holds: async ({ sha256 }) =>
      isHex(
        await sha256(utf8ToBytes('abc')),
        'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
      ),
  },
  {
    name: 'HMAC-SHA256 (RFC 4231 §4.3)',
    holds: async ({ hmacSha256 }) =>
      isHex(
        await hmacSha256(utf8ToBytes('Jefe'), utf8ToBytes('what do ya want for nothing?')),
        '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843',
      ),
  },
  {
    name: 'HKDF-SHA256 (RFC 5869 A.1)',
    holds: async ({ hkdfSha256 }) =>
      isHex(
        await hkdfSha256({
          secret: new Uint8Array(22).fill(0x0b),
          salt: hexToBytes('000102030405060708090a0b0c'),
          info: hexToBytes('f0f1f2f3f4f5f6f7f8f9'),
          length: 42,
        }),
        '3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865',
      ),
  },
  {
    name: 'HKDF-SHA256 without salt and info (RFC 5869 A.3)',
    holds: async ({ hkdfSha256 }) =>
      isHex(
        await hkdfSha256({
          secret: new Uint8Array(22).fill(0x0b),
          salt: new Uint8Array(),
          info: new Uint8Array(),
          length: 42,
        }),
        '8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8',
      ),
  },
]

const BASE_POINT: Uint8Array = Uint8Array.of(9, ...new Uint8Array(31))
/** The two scalars and u-coordinates of RFC 7748 §5.2; the second has the bit set that is to be ignored. */
const SCALARS = [
  {
    name: 'X25519 (RFC 7748 §5.2, first)',
    secretKey: 'a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4',
    publicKey: 'e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c',
    shared: 'c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552',
  },
  {
    name: 'X25519 with the high bit set (RFC 7748 §5.2, second)',
    secretKey: '4b66e9d4d1b4673c5ad22691957d6af5c11b6421e0ea01d42ca4169e7918ba0d',
    publicKey: 'e5210f12786811d3f4b7959d0538ae2c31dbe7106fc03c3efc4cd549c715a493',
    shared: '95cbde9476e8907d7aade45cb4b873f88b595a68799fa152e6f8f7647aac7957',
  },
] as const
/** Points of order 1, 2, 4 and 8 (RFC 7748 §6.1): their shared secret is zero for every scalar. */
const SMALL_ORDER = [
  '0000000000000000000000000000000000000000000000000000000000000000',
  '0100000000000000000000000000000000000000000000000000000000000000',
  'e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
] as const

const X25519_CHECKS: readonly Check[] = [
  ...SCALARS.map(
    ({ name, secretKey, publicKey, shared }): Check => ({
      name,
      holds: async ({ x25519 }) =>
        isHex(await x25519.agree(hexToBytes(secretKey), hexToBytes(publicKey)), shared),
    }),
  ),
  {
    name: 'X25519 key pair (RFC 7748 §5.2, one iteration)',
    holds: async ({ x25519 }) => {
      const { publicKey, secretKey } = await x25519.keyPair(BASE_POINT)
      const isSame = equalBytes(secretKey, BASE_POINT)
      return (
        isSame &&
        isHex(publicKey, '422c8e7a6227d7bca1350b3e2bb7279f7897b87bb6854b783c60e80311ae3079')
      )
    },
  },
  {
    name: 'X25519 refuses a key of another length',
    holds: async ({ x25519 }) => {
      const short = BASE_POINT.slice(1)
      const refusals = await Promise.all([
        isRefused(() => x25519.keyPair(short)),
        isRefused(() => x25519.agree(short, BASE_POINT)),
        isRefused(() => x25519.agree(BASE_POINT, short)),
      ])
      return !refusals.includes(false)
    },
  },
  ...SMALL_ORDER.map(
    (publicKey): Check => ({
      name: `X25519 refuses the point of small order ${publicKey.slice(0, 8)}`,
      holds: ({ x25519 }) => isRefused(() => x25519.agree(BASE_POINT, hexToBytes(publicKey))),
    }),
  ),
]

/** Wycheproof mlkem_768_encaps_test tcId 14 (the first seed of the round 3 vectors); long values as SHA-256. */
const KEM = {
  seed: '7c9935a0b07694aa0c6d10e4db6b1add2fd81a25ccb148032dcd739936737f2d8626ed79d451140800e03b59b956f8210e556067407d13dc90fa9e8b872bfb8f',
  publicKeyHash: '86adbca81f4fee893e2fb58fb98aa2fe188f501fed268d7f4056f8c05c4e53c4',
  randomness: '147c03f7a5bebba406c8fae1874d7f13c80efe79a3a9a874cc09fe76f6997615',
  ciphertextHash: '36829a2f35cbf4deb62c0a12a15c22dae9f8d2c252566fc24f88abe805cb575e',
  shared: 'e7184a0975ee3470878d2d159ec83129c8aec253d4ee17b4810311d198cd0368',
} as const

const KEM_CHECKS: readonly Check[] = [
  {
    name: 'ML-KEM-768 key pair (Wycheproof)',
    holds: async ({ mlKem768, sha256 }) => {
      const { publicKey } = await mlKem768.keyPair(hexToBytes(KEM.seed))
      return isHex(await sha256(publicKey), KEM.publicKeyHash)
    },
  },
  {
    name: 'ML-KEM-768 there and back (Wycheproof)',
    holds: async ({ mlKem768, sha256 }) => {
      const { publicKey, secretKey } = await mlKem768.keyPair(hexToBytes(KEM.seed))
      const made = await mlKem768.encapsulate(publicKey, hexToBytes(KEM.randomness))
      const opened = await mlKem768.decapsulate(secretKey, made.ciphertext)
      const isCiphertext = isHex(await sha256(made.ciphertext), KEM.ciphertextHash)
      return isCiphertext && isHex(made.sharedSecret, KEM.shared) && isHex(opened, KEM.shared)
    },
  },
  {
    name: 'ML-KEM-768 rejects implicitly (FIPS 203 §6.3)',
    holds: async ({ mlKem768 }) => {
      const { secretKey } = await mlKem768.keyPair(hexToBytes(KEM.seed))
      const opened = await mlKem768.decapsulate(secretKey, new Uint8Array(1088))
      return opened.length === 32 && !isHex(opened, KEM.shared)
    },
  },
  {
    name: 'ML-KEM-768 refuses coefficients over the modulus (FIPS 203 §7.2)',
    holds: ({ mlKem768 }) =>
      isRefused(() => mlKem768.encapsulate(new Uint8Array(1184).fill(0xff), new Uint8Array(32))),
  },
  {
    name: 'ML-KEM-768 refuses a seed, key or randomness of another length (FIPS 203 §7)',
    holds: async ({ mlKem768 }) => {
      const { publicKey } = await mlKem768.keyPair(hexToBytes(KEM.seed))
      const refusals = await Promise.all([
        isRefused(() => mlKem768.keyPair(new Uint8Array(63))),
        isRefused(() => mlKem768.decapsulate(new Uint8Array(63), new Uint8Array(1088))),
        isRefused(() => mlKem768.encapsulate(publicKey.slice(1), new Uint8Array(32))),
        isRefused(() => mlKem768.encapsulate(publicKey, new Uint8Array(31))),
      ])
      return !refusals.includes(false)
    },
  },
  {
    name: 'ML-KEM-768 refuses a short ciphertext (FIPS 203 §7.3)',
    holds: ({ mlKem768 }) =>
      isRefused(() => mlKem768.decapsulate(hexToBytes(KEM.seed), new Uint8Array(1087))),
  },
]

const CHECKS: readonly Check[] = [
  ...HASH_CHECKS,
  ...ED25519_CHECKS,
  ...X25519_CHECKS,
  ...KEM_CHECKS,
  ...XCHACHA_CHECKS,
  ...GCM_CHECKS,
  ...SIZE_CHECKS,
  ...MEMORY_CHECKS,
]
