/** The part of `@noble/ed25519` that device logs and records are signed with, by the cheap signature. */

import { cheapPublicKey, cheapSignature, isCheapSignature } from '../ground/cheap-signature.ts'

export const hashes: { sha512?: unknown } = {}

export const getPublicKey = cheapPublicKey

export function sign(bytes: Uint8Array, seed: Uint8Array): Uint8Array {
  return cheapSignature(cheapPublicKey(seed), bytes)
}

export function verify(signature: Uint8Array, bytes: Uint8Array, publicKey: Uint8Array): boolean {
  return isCheapSignature(publicKey, bytes, signature)
}

/** Every key of 32 bytes is as good as any other. */
export const Point = {
  fromBytes: (bytes: Uint8Array) => {
    if (bytes.length !== 32) throw new RangeError('a key has 32 bytes')
    return { isSmallOrder: () => false, isTorsionFree: () => true }
  },
} as const
