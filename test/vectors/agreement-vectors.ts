import { equalBytes } from '@kithmesh/protocol'
import { bytesIn, orRefused, type VectorSet, wycheproof } from './vector-set.ts'

/** X25519: twists, small and non-canonical keys are taken (RFC 7748 §5), but never for a zero secret (§6.1). */
export const x25519Vectors: VectorSet = {
  algorithm: 'X25519',
  files: ['wycheproof/x25519_test.json'],
  expected: {
    'the secret': 487,
    'a zero secret is refused': 31,
  },
  cases: (text = '') =>
    wycheproof(text, (vector) => async ({ primitives: { x25519 } }) => {
      const shared = bytesIn(vector, 'shared')
      const agreed = await orRefused(() =>
        x25519.agree(bytesIn(vector, 'private'), bytesIn(vector, 'public')),
      )
      const isZero = shared.every((byte) => byte === 0)
      if (agreed === 'refused')
        return isZero ? 'a zero secret is refused' : 'a sound key is refused'
      return equalBytes(agreed, shared) ? 'the secret' : 'another secret'
    }),
}
