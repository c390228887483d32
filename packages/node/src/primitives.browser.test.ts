import { checkPrimitives, noblePrimitives } from '@kithmesh/protocol'
import { describe, expect, test } from 'vitest'
import { createBrowserPrimitives } from './primitives.browser.ts'

/** This page's WebCrypto without some of its methods, and failing in others, as older browsers have it. */
function subtleWithout(
  missing: readonly string[],
  failing: readonly string[] = [],
): { readonly subtle: SubtleCrypto } {
  return {
    subtle: new Proxy(crypto.subtle, {
      has: (subtle, name) => !missing.includes(String(name)) && name in subtle,
      get: (subtle, name) => {
        if (failing.includes(String(name))) return () => Promise.reject(new Error('not supported'))
        const value: unknown = Reflect.get(subtle, name)
        return typeof value === 'function' ? value.bind(subtle) : value
      },
    }),
  }
}

describe('the primitives of a page', () => {
  test.each([
    ['as this browser has them', crypto],
    ['without ML-KEM and ChaCha20', subtleWithout(['decapsulateBits'])],
    ['without X25519', subtleWithout(['decapsulateBits'], ['generateKey'])],
    ['without WebCrypto', {}],
  ])('SES-1 agree with the vectors: %s', async (_, crypto) => {
    expect(await checkPrimitives(await createBrowserPrimitives(crypto))).toEqual([])
  })

  test('SES-1 WebCrypto agrees with the vectors at every size', async () => {
    const native = await createBrowserPrimitives(crypto, { hash: 0, seal: 0 })
    expect(await checkPrimitives(native)).toEqual([])
  })

  test('SES-1 what a browser has not is left to noble', async () => {
    const modern = await createBrowserPrimitives()
    const older = await createBrowserPrimitives(subtleWithout(['decapsulateBits']))
    expect(older.mlKem768).toBe(noblePrimitives.mlKem768)
    expect(older.xchacha20Poly1305).toBe(noblePrimitives.xchacha20Poly1305)
    expect(older.x25519).not.toBe(noblePrimitives.x25519)
    if ('decapsulateBits' in crypto.subtle) expect(modern.mlKem768).not.toBe(older.mlKem768)
    const oldest = await createBrowserPrimitives(subtleWithout([], ['generateKey', 'importKey']))
    expect(oldest.x25519).toBe(noblePrimitives.x25519)
    expect(oldest.mlKem768).toBe(noblePrimitives.mlKem768)
    expect(await createBrowserPrimitives({})).toBe(noblePrimitives)
  })
})
