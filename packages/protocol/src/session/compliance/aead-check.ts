/** What `checkPrimitives` asks of the two AEADs. */

import { bytesToHex, hexToBytes, utf8ToBytes } from '@noble/hashes/utils.js'
import type { Aead, AeadInput, Primitives } from '../primitives.ts'
import { type Check, isHex, isRefused } from './check.ts'

/** Of XChaCha20-Poly1305. */
export const XCHACHA_CHECKS: readonly Check[] = aeadChecks(
  'XChaCha20-Poly1305 (draft-irtf-cfrg-xchacha A.3.1)',
  ({ xchacha20Poly1305 }) => xchacha20Poly1305,
  {
    key: '808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f',
    nonce: '404142434445464748494a4b4c4d4e4f5051525354555657',
    associatedData: '50515253c0c1c2c3c4c5c6c7',
    plaintext: bytesToHex(
      utf8ToBytes(
        "Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, sunscreen would be it.",
      ),
    ),
    sealed:
      'bd6d179d3e83d43b9576579493c0e939572a1700252bfaccbed2902c21396cbb731c7f1b0b4aa6440bf3a82f4eda7e39ae64c6708c54c216cb96b72e1213b4522f8c9ba40db5d945b11b69b982c1bb9e3f3fac2bc369488f76b2383565d3fff921f9664c97637da9768812f615c68b13b52ec0875924c1c7987947deafd8780acf49',
  },
)

/** Of AES-256-GCM. */
export const GCM_CHECKS: readonly Check[] = aeadChecks(
  'AES-256-GCM (Wycheproof tcId 91)',
  ({ aes256Gcm }) => aes256Gcm,
  {
    key: '92ace3e348cd821092cd921aa3546374299ab46209691bc28b8752d17f123c20',
    nonce: '00112233445566778899aabb',
    associatedData: '00000000ffffffff',
    plaintext: '00010203040506070809',
    sealed: 'e27abdd2d2a53d2f136b9a4a2579529301bcfb71c78d4060f52c',
  },
)

interface AeadVector {
  readonly key: string
  readonly nonce: string
  readonly associatedData: string
  readonly plaintext: string
  readonly sealed: string
}

/** That one AEAD seals and opens a vector, and opens nothing that differs from it by a bit. */
function aeadChecks(
  name: string,
  aeadOf: (primitives: Primitives) => Aead,
  vector: AeadVector,
): readonly Check[] {
  const input: Omit<AeadInput, 'bytes'> = {
    key: hexToBytes(vector.key),
    nonce: hexToBytes(vector.nonce),
    associatedData: hexToBytes(vector.associatedData),
  }
  const sealed = hexToBytes(vector.sealed)
  const opens = async (aead: Aead, changed: Partial<AeadInput>): Promise<boolean> =>
    (await aead.open({ ...input, bytes: sealed, ...changed })) !== undefined
  return [
    {
      name: `${name} seals`,
      holds: async (primitives) => {
        const bytes = hexToBytes(vector.plaintext)
        return isHex(await aeadOf(primitives).seal({ ...input, bytes }), vector.sealed)
      },
    },
    {
      name: `${name} opens`,
      holds: async (primitives) =>
        isHex(await aeadOf(primitives).open({ ...input, bytes: sealed }), vector.plaintext),
    },
    {
      name: `${name} opens nothing that was changed`,
      holds: async (primitives) => {
        const aead = aeadOf(primitives)
        const changes: readonly Partial<AeadInput>[] = [
          { bytes: flipped(sealed, 0) },
          { bytes: flipped(sealed, sealed.length - 1) },
          { bytes: sealed.slice(0, 15) },
          { bytes: new Uint8Array() },
          { key: flipped(input.key, 31) },
          { nonce: flipped(input.nonce, input.nonce.length - 1) },
          { associatedData: flipped(input.associatedData, 0) },
          { associatedData: new Uint8Array() },
        ]
        const opened = await Promise.all(changes.map((change) => opens(aead, change)))
        return !opened.includes(true)
      },
    },
    {
      name: `${name} refuses a key or nonce of another length`,
      holds: async (primitives) => {
        const aead = aeadOf(primitives)
        const short = { ...input, bytes: sealed }
        const shortKey = await isRefused(() => aead.seal({ ...short, key: new Uint8Array(16) }))
        return shortKey && isRefused(() => aead.seal({ ...short, nonce: new Uint8Array(8) }))
      },
    },
  ]
}

function flipped(bytes: Uint8Array, at: number): Uint8Array {
  return bytes.map((byte, index) => (index === at ? byte ^ 1 : byte))
}
