import { type Aead, equalBytes, joinBytes } from '@kithmesh/protocol'
import {
  bytesIn,
  type Implementation,
  orRefused,
  type VectorSet,
  type WycheproofVector,
  wycheproof,
} from './vector-set.ts'

/** XChaCha20-Poly1305. */
export const xchachaVectors: VectorSet = {
  ...aeadVectors(24, ({ primitives }) => primitives.xchacha20Poly1305),
  algorithm: 'XChaCha20-Poly1305',
  files: ['wycheproof/xchacha20_poly1305_test.json'],
  expected: {
    'opens, and is what is sealed': 246,
    'opens nothing': 60,
    'a nonce of another length is refused': 9,
  },
}

/** ChaCha20-Poly1305. */
export const chachaVectors: VectorSet = {
  ...aeadVectors(12, ({ chacha20Poly1305 }) => chacha20Poly1305),
  algorithm: 'ChaCha20-Poly1305',
  files: ['wycheproof/chacha20_poly1305_test.json'],
  expected: {
    'opens, and is what is sealed': 256,
    'opens nothing': 60,
    'a nonce of another length is refused': 9,
  },
}

/** AES-256-GCM. Of the vectors, two thirds are of AES-128 and AES-192, and some of long and short nonces. */
export const gcmVectors: VectorSet = {
  ...aeadVectors(12, ({ primitives }) => primitives.aes256Gcm),
  algorithm: 'AES-256-GCM',
  files: ['wycheproof/aes_gcm_test.json'],
  expected: {
    'opens, and is what is sealed': 39,
    'opens nothing': 27,
    'a key of another length is refused': 211,
    'a nonce of another length is refused': 39,
  },
}

function aeadVectors(
  nonceBytes: number,
  aeadOf: (implementation: Implementation) => Aead,
): Pick<VectorSet, 'cases'> {
  return {
    cases: (text = '') =>
      wycheproof(
        text,
        (vector) => (implementation) => outcome(aeadOf(implementation), { vector, nonceBytes }),
      ),
  }
}

async function outcome(
  aead: Aead,
  { vector, nonceBytes }: { readonly vector: WycheproofVector; readonly nonceBytes: number },
): Promise<string> {
  const [key, nonce, associatedData, plaintext] = [
    bytesIn(vector, 'key'),
    bytesIn(vector, 'iv'),
    bytesIn(vector, 'aad'),
    bytesIn(vector, 'msg'),
  ]
  const sealed = joinBytes(bytesIn(vector, 'ct'), bytesIn(vector, 'tag'))
  const sealing = { key, nonce, associatedData, bytes: plaintext }
  const opening = { ...sealing, bytes: sealed }
  const wrong = key.length !== 32 ? 'key' : nonce.length !== nonceBytes ? 'nonce' : undefined
  if (wrong !== undefined) {
    const made = await orRefused(() => aead.seal(sealing))
    const opened = await orRefused(() => aead.open(opening))
    const areRefused = made === 'refused' && opened === 'refused'
    return areRefused ? `a ${wrong} of another length is refused` : 'sealed or opened'
  }
  const opened = await aead.open(opening)
  if (vector.result !== 'valid') return opened === undefined ? 'opens nothing' : 'opens'
  const made = await aead.seal(sealing)
  const isRight = opened !== undefined && equalBytes(opened, plaintext) && equalBytes(made, sealed)
  return isRight ? 'opens, and is what is sealed' : 'opens or seals otherwise'
}
