import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { hexToBytes } from '@noble/hashes/utils.js'
import { describe, expect, test } from 'vitest'
import { nativePrimitives } from '../../test/native-primitives.ts'
import { isKithError } from '../errors.ts'
import { noblePrimitives } from './noble-primitives.ts'
import type { Aead, Primitives } from './primitives.ts'
import { checkPrimitives } from './primitives-check.ts'

describe('the seam of primitives', () => {
  test('SES-1 the pure ones agree with the vectors', async () => {
    expect(await checkPrimitives(noblePrimitives)).toEqual([])
  })

  test('SES-1 native ones agree with the vectors', async () => {
    expect(await checkPrimitives(nativePrimitives)).toEqual([])
  })

  test('SES-1 a wrong implementation is named by what it fails', async () => {
    const lax: Primitives = {
      ...noblePrimitives,
      hmacSha256: (key, bytes) => noblePrimitives.sha256(new Uint8Array([...key, ...bytes])),
      x25519: { ...noblePrimitives.x25519, agree: () => new Uint8Array(32) },
      aes256Gcm: { ...noblePrimitives.aes256Gcm, open: ({ bytes }) => bytes.slice(0, -16) },
    }
    const failed = await checkPrimitives(lax)
    expect(failed).toContain('HMAC-SHA256 (RFC 4231 §4.3)')
    expect(failed).toContain('X25519 (RFC 7748 §5.2, first)')
    expect(failed).toContain('X25519 refuses the point of small order 00000000')
    expect(failed).toContain('AES-256-GCM (Wycheproof tcId 91) opens nothing that was changed')
    expect(failed).not.toContain('SHA-256 "abc" (FIPS 180-4)')
  })
})

const folder = fileURLToPath(new URL('../../../../../shared/vectors/wycheproof/', import.meta.url))
const absent = existsSync(folder) ? '' : ' (skipped: ../shared/vectors is not beside the project)'

interface Vector {
  readonly tcId: number
  readonly result: 'valid' | 'acceptable' | 'invalid'
  readonly flags?: readonly string[]
  readonly [field: string]: unknown
}

interface Group {
  readonly [field: string]: unknown
  readonly tests: readonly Vector[]
}

function groupsIn(file: string): readonly Group[] {
  return JSON.parse(readFileSync(`${folder}${file}_test.json`, 'utf8')).testGroups
}

const vectorsIn = (file: string): readonly Vector[] => groupsIn(file).flatMap(({ tests }) => tests)
const fieldOf = (vector: Vector, field: string): string => String(vector[field])
const bytesIn = (vector: Vector, field: string): Uint8Array => hexToBytes(fieldOf(vector, field))

/** What came out, or `refused` where the seam refuses. Every other error is a bug and fails the test. */
async function outcome<T>(compute: () => T | Promise<T>): Promise<T | 'refused'> {
  try {
    return await compute()
  } catch (error) {
    if (isKithError(error, 'ERR_KEY_REFUSED')) return 'refused'
    throw error
  }
}

describe.skipIf(absent !== '')(`Wycheproof${absent}`, () => {
  const { x25519, mlKem768, hkdfSha256, hmacSha256 } = noblePrimitives

  test('SES-1 X25519: every shared secret, and a refusal where it is zero', async () => {
    for (const vector of vectorsIn('x25519')) {
      const shared = bytesIn(vector, 'shared')
      const made = await outcome(() =>
        x25519.agree(bytesIn(vector, 'private'), bytesIn(vector, 'public')),
      )
      const isZero = shared.every((byte) => byte === 0)
      expect(made, `tcId ${vector.tcId}`).toEqual(isZero ? 'refused' : shared)
    }
  })

  test.each([
    ['xchacha20_poly1305', noblePrimitives.xchacha20Poly1305, 24],
    ['aes_gcm', noblePrimitives.aes256Gcm, 12],
  ] as const)('SES-1 %s: valid opens and seals, invalid does not', async (file, aead, nonce) => {
    let opened = 0
    for (const vector of vectorsIn(file)) {
      opened += await checkAeadVector(aead, vector, nonce)
    }
    expect(opened).toBeGreaterThan(30)
  })

  test('SES-1 HKDF and HMAC', async () => {
    for (const vector of vectorsIn('hkdf_sha256')) {
      const length = Number(fieldOf(vector, 'size'))
      if (length > 255 * 32) continue
      const [secret, salt, info] = ['ikm', 'salt', 'info'].map((field) => bytesIn(vector, field))
      const made = await hkdfSha256({
        secret: secret ?? new Uint8Array(),
        salt: salt ?? new Uint8Array(),
        info: info ?? new Uint8Array(),
        length,
      })
      expect(made, `tcId ${vector.tcId}`).toEqual(bytesIn(vector, 'okm'))
    }
    for (const vector of vectorsIn('hmac_sha256')) {
      const tag = bytesIn(vector, 'tag')
      const made = await hmacSha256(bytesIn(vector, 'key'), bytesIn(vector, 'msg'))
      const isTag = Buffer.from(made.slice(0, tag.length)).equals(tag)
      expect(isTag, `tcId ${vector.tcId}`).toBe(vector.result === 'valid')
    }
  })

  test('SES-1 ML-KEM-768: keys of seeds, encapsulation and decapsulation', async () => {
    for (const vector of vectorsIn('mlkem_768_keygen_seed')) {
      const { publicKey } = await mlKem768.keyPair(bytesIn(vector, 'seed'))
      expect(publicKey, `keygen ${vector.tcId}`).toEqual(bytesIn(vector, 'ek'))
    }
    for (const vector of vectorsIn('mlkem_768_encaps')) {
      const made = await outcome(() =>
        mlKem768.encapsulate(bytesIn(vector, 'ek'), bytesIn(vector, 'm')),
      )
      const expected =
        vector.result === 'valid'
          ? { ciphertext: bytesIn(vector, 'c'), sharedSecret: bytesIn(vector, 'K') }
          : 'refused'
      expect(made, `encaps ${vector.tcId}`).toEqual(expected)
    }
    for (const vector of vectorsIn('mlkem_768')) {
      const made = await outcome(() =>
        mlKem768.decapsulate(bytesIn(vector, 'seed'), bytesIn(vector, 'c')),
      )
      const expected = vector.result === 'valid' ? bytesIn(vector, 'K') : 'refused'
      expect(made, `decaps ${vector.tcId}`).toEqual(expected)
    }
  })
})

/** 1 when the vector opened as it should; sizes that the seam does not have are to be refused. */
async function checkAeadVector(aead: Aead, vector: Vector, nonceBytes: number): Promise<number> {
  const [key, nonce, associatedData, plaintext] = (['key', 'iv', 'aad', 'msg'] as const).map(
    (field) => bytesIn(vector, field),
  ) as [Uint8Array, Uint8Array, Uint8Array, Uint8Array]
  const bytes = hexToBytes(`${fieldOf(vector, 'ct')}${fieldOf(vector, 'tag')}`)
  const opened = await outcome(() => aead.open({ key, nonce, associatedData, bytes }))
  if (key.length !== 32 || nonce.length !== nonceBytes) {
    expect(opened, `tcId ${vector.tcId}`).toBe('refused')
    return 0
  }
  expect(opened, `tcId ${vector.tcId}`).toEqual(vector.result === 'valid' ? plaintext : undefined)
  if (vector.result !== 'valid') return 0
  expect(await aead.seal({ key, nonce, associatedData, bytes: plaintext })).toEqual(bytes)
  return 1
}
