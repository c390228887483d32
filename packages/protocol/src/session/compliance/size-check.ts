/**
 * That primitives agree with `noblePrimitives` at every size: around a block of SHA-256 and ChaCha20, around
 * 256 and 1,024 bytes, where implementations change over, and at a long one.
 */

import { equalBytes } from '../../codec/bytes.ts'
import { noblePrimitives } from '../noble-primitives.ts'
import type { Aead, AeadInput, Primitives } from '../primitives.ts'
import type { Check } from './check.ts'

const SIZES = [
  0, 1, 15, 16, 17, 31, 32, 33, 55, 56, 63, 64, 65, 127, 128, 129, 255, 256, 257, 1023, 1024, 1025,
  16_384,
] as const

/** One per size and algorithm that takes bytes of any number. */
export const SIZE_CHECKS: readonly Check[] = SIZES.flatMap((size) => [
  {
    name: `SHA-256 of ${size} bytes`,
    holds: (primitives) => agrees(primitives, ({ sha256 }) => sha256(pattern(size))),
  },
  {
    name: `HMAC-SHA256 of ${size} bytes`,
    holds: (primitives) =>
      agrees(primitives, ({ hmacSha256 }) => hmacSha256(pattern(32, 5), pattern(size))),
  },
  {
    name: `HMAC-SHA256 under a key of ${size} bytes`,
    holds: (primitives) =>
      agrees(primitives, ({ hmacSha256 }) => hmacSha256(pattern(size), pattern(300, 5))),
  },
  {
    name: `HKDF-SHA256 of a secret, salt and info of ${size} bytes`,
    holds: (primitives) => {
      const [secret, salt, info] = [pattern(size), pattern(size, 2), pattern(size, 3)]
      return agrees(primitives, ({ hkdfSha256 }) => hkdfSha256({ secret, salt, info, length: 77 }))
    },
  },
  ...sealsAlike(`XChaCha20-Poly1305 of ${size} bytes`, size, 24, (of) => of.xchacha20Poly1305),
  ...sealsAlike(`AES-256-GCM of ${size} bytes`, size, 12, (of) => of.aes256Gcm),
])

async function agrees(
  primitives: Primitives,
  compute: (primitives: Primitives) => Uint8Array | Promise<Uint8Array>,
): Promise<boolean> {
  return equalBytes(await compute(primitives), await compute(noblePrimitives))
}

/** As plaintext beside a little associated data, and as associated data of a little plaintext. */
function sealsAlike(
  name: string,
  size: number,
  nonceBytes: number,
  aeadOf: (primitives: Primitives) => Aead,
): readonly Check[] {
  const common = { key: pattern(32, 9), nonce: pattern(nonceBytes, 11) }
  const holds = async (primitives: Primitives, input: AeadInput): Promise<boolean> => {
    const sealed = await aeadOf(primitives).seal(input)
    const expected = await aeadOf(noblePrimitives).seal(input)
    const opened = await aeadOf(primitives).open({ ...input, bytes: sealed })
    return equalBytes(sealed, expected) && opened !== undefined && equalBytes(opened, input.bytes)
  }
  return [
    {
      name,
      holds: (primitives) =>
        holds(primitives, { ...common, bytes: pattern(size), associatedData: pattern(20, 4) }),
    },
    {
      name: `${name} of associated data`,
      holds: (primitives) =>
        holds(primitives, { ...common, bytes: pattern(20, 4), associatedData: pattern(size) }),
    },
  ]
}

/** Bytes that differ from their neighbours, and from those of another step. */
function pattern(length: number, step = 1): Uint8Array {
  return Uint8Array.from({ length }, (_, index) => index * (2 * step + 1) + step)
}
