import { equalBytes } from '@kithmesh/protocol'
import { bytesIn, type VectorSet, wycheproof } from './vector-set.ts'

/** HMAC-SHA256. The seam gives whole tags; half of the vectors are of tags cut to 16 bytes. */
export const hmacVectors: VectorSet = {
  algorithm: 'HMAC-SHA256',
  files: ['wycheproof/hmac_sha256_test.json'],
  expected: {
    'the tag of 256 bits': 33,
    'the first half of it: 128 bits': 33,
    'not a changed tag': 108,
  },
  cases: (text = '') =>
    wycheproof(text, (vector, group) => async ({ primitives: { hmacSha256 } }) => {
      const tag = bytesIn(vector, 'tag')
      const made = await hmacSha256(bytesIn(vector, 'key'), bytesIn(vector, 'msg'))
      const isTag = made.length === 32 && equalBytes(made.slice(0, tag.length), tag)
      if (isTag !== (vector.result === 'valid')) return `${vector.result}, and made ${made}`
      if (!isTag) return 'not a changed tag'
      return group['tagSize'] === 256 ? 'the tag of 256 bits' : 'the first half of it: 128 bits'
    }),
}

/** HKDF-SHA256. */
export const hkdfVectors: VectorSet = {
  algorithm: 'HKDF-SHA256',
  files: ['wycheproof/hkdf_sha256_test.json'],
  expected: {
    'the output': 83,
    'more than 8,160 bytes are refused': 3,
  },
  cases: (text = '') =>
    wycheproof(text, (vector) => async ({ primitives: { hkdfSha256 } }) => {
      const [secret, salt, info] = [
        bytesIn(vector, 'ikm'),
        bytesIn(vector, 'salt'),
        bytesIn(vector, 'info'),
      ]
      const length = Number(vector['size'])
      // A length is the caller's: what is thrown is a bug told, not a key refused.
      const made = await Promise.resolve()
        .then(() => hkdfSha256({ secret, salt, info, length }))
        .catch(() => 'thrown' as const)
      if (made === 'thrown') return length > 8160 ? 'more than 8,160 bytes are refused' : made
      return equalBytes(made, bytesIn(vector, 'okm')) ? 'the output' : 'another output'
    }),
}
