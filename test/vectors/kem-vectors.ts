import { equalBytes, joinBytes } from '@kithmesh/protocol'
import {
  decapsulateXWing,
  encapsulateXWing,
  expandXWingSeed,
} from '../../packages/protocol/src/lockbox/xwing.ts'
import { isMlKemPublicKey } from '../../packages/protocol/src/session/ml-kem-key.ts'
import { bytesIn, orRefused, type VectorSet, wycheproof } from './vector-set.ts'

/**
 * ML-KEM-768: keys of seeds. Beside the public key the file has the expanded secret key, which is nowhere to be
 * seen here: the seam knows secret keys as seeds alone, and has no way in for expanded ones.
 */
export const mlKemKeyVectors: VectorSet = {
  algorithm: 'ML-KEM-768 key pairs',
  files: ['wycheproof/mlkem_768_keygen_seed_test.json'],
  expected: { 'the public key': 100 },
  cases: (text = '') =>
    wycheproof(text, (vector) => async ({ primitives: { mlKem768 } }) => {
      const { publicKey } = await mlKem768.keyPair(bytesIn(vector, 'seed'))
      const isKey = isMlKemPublicKey(publicKey) && equalBytes(publicKey, bytesIn(vector, 'ek'))
      return isKey ? 'the public key' : 'another public key'
    }),
}

/** ML-KEM-768: encapsulation, and what `isMlKemPublicKey` says of the keys before (FIPS 203 §7.2). */
export const mlKemSealVectors: VectorSet = {
  algorithm: 'ML-KEM-768 encapsulation',
  files: ['wycheproof/mlkem_768_encaps_test.json'],
  expected: {
    'the ciphertext and the secret': 133,
    'a coefficient over the modulus is refused': 112,
    'a key of another length is refused': 20,
  },
  cases: (text = '') =>
    wycheproof(text, (vector) => async ({ primitives: { mlKem768 } }) => {
      const key = bytesIn(vector, 'ek')
      const made = await orRefused(() => mlKem768.encapsulate(key, bytesIn(vector, 'm')))
      if (isMlKemPublicKey(key) !== (made !== 'refused'))
        return 'taken by one, refused by the other'
      if (vector.result !== 'valid') {
        if (made !== 'refused') return 'encapsulated to no key'
        const isLength = key.length !== 1184
        return `a ${isLength ? 'key of another length' : 'coefficient over the modulus'} is refused`
      }
      if (made === 'refused') return 'a sound key is refused'
      const isCiphertext = equalBytes(made.ciphertext, bytesIn(vector, 'c'))
      const isSecret = equalBytes(made.sharedSecret, bytesIn(vector, 'K'))
      return isCiphertext && isSecret ? 'the ciphertext and the secret' : 'others'
    }),
}

/** ML-KEM-768: decapsulation, implicit rejection included (FIPS 203 §6.3). */
export const mlKemOpenVectors: VectorSet = {
  algorithm: 'ML-KEM-768 decapsulation',
  files: ['wycheproof/mlkem_768_test.json'],
  expected: {
    'the secret': 153,
    'a ciphertext of another length is refused': 20,
    'a seed of another length is refused': 20,
  },
  cases: (text = '') =>
    wycheproof(text, (vector) => async ({ primitives: { mlKem768 } }) => {
      const [seed, ciphertext] = [bytesIn(vector, 'seed'), bytesIn(vector, 'c')]
      const secret = await orRefused(() => mlKem768.decapsulate(seed, ciphertext))
      if (vector.result !== 'valid') {
        if (secret !== 'refused') return 'decapsulated'
        return `a ${seed.length === 64 ? 'ciphertext' : 'seed'} of another length is refused`
      }
      if (secret === 'refused') return 'refused'
      return equalBytes(secret, bytesIn(vector, 'K')) ? 'the secret' : 'another secret'
    }),
}

/** X-Wing, composed as lockboxes have it; its key is made by the two parts of the implementation. */
export const xwingVectors: VectorSet = {
  algorithm: 'X-Wing',
  files: ['xwing/test-vectors-MLKEM768X25519.json'],
  expected: { 'key, ciphertext and secret, both ways': 10 },
  cases: (text = '') => {
    const vectors: readonly Readonly<Record<string, unknown>>[] = JSON.parse(text)
    return vectors.map((vector, index) => ({
      name: `X-Wing ${index}`,
      run: async ({ primitives: { mlKem768, x25519 } }) => {
        const [key, ciphertext] = [bytesIn(vector, 'pk'), bytesIn(vector, 'ct')]
        const shared = bytesIn(vector, 'ss')
        const secret = expandXWingSeed(bytesIn(vector, 'seed'))
        const kem = await mlKem768.keyPair(secret.mlkem)
        const curve = await x25519.keyPair(secret.x25519)
        const made = encapsulateXWing(key, bytesIn(vector, 'randomness'))
        const opened = decapsulateXWing(secret, ciphertext)
        const isKey = equalBytes(joinBytes(kem.publicKey, curve.publicKey), key)
        const isMade =
          equalBytes(made.ciphertext, ciphertext) && equalBytes(made.sharedSecret, shared)
        const isOpened = opened !== undefined && equalBytes(opened, shared)
        return isKey && isMade && isOpened ? 'key, ciphertext and secret, both ways' : 'others'
      },
    }))
  },
}
