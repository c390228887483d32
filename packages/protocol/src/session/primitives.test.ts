import { describe, expect, test } from 'vitest'
import { nativePrimitives } from '../../test/native-primitives.ts'
import { noblePrimitives } from './noble-primitives.ts'
import type { Primitives } from './primitives.ts'
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
