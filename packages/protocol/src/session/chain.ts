/** The keys of the Double Ratchet: its chains (§2.2), and what both halves of it are derived by (§3.1, §7.2). */

import { bytes, record, type Shape, uint } from '../codec/shape.ts'
import { domainBytes, joinBytes } from '../identity/domain.ts'
import type { Primitives } from './primitives.ts'

/** A symmetric-key chain (§2.2) and the number of its next message. */
export interface Chain {
  /** CKs or CKr. */
  readonly key: Uint8Array
  /** Ns or Nr. */
  readonly number: number
}

/**
 * KDF_RK (§3.1, §7.2): HKDF-SHA256 with the root key as salt. A secret of
 * the post-quantum half stands behind that of X25519, under an info of its own: either alone is enough.
 */
export async function stepRoot(
  keys: {
    readonly rootKey: Uint8Array
    readonly secretKey: Uint8Array
    readonly publicKey: Uint8Array
    readonly pqSecret: Uint8Array | undefined
  },
  { x25519, hkdfSha256 }: Primitives,
): Promise<{ readonly rootKey: Uint8Array; readonly chain: Chain }> {
  const { rootKey: salt, pqSecret } = keys
  const agreed = await x25519.agree(keys.secretKey, keys.publicKey)
  const input =
    pqSecret === undefined
      ? { secret: agreed, info: ROOT_INFO }
      : { secret: joinBytes(agreed, pqSecret), info: HYBRID_ROOT_INFO }
  const derived = await hkdfSha256({ ...input, salt, length: 64 })
  return { rootKey: derived.slice(0, 32), chain: { key: derived.slice(32), number: 0 } }
}

const ROOT_INFO: Uint8Array = domainBytes('session root')
const HYBRID_ROOT_INFO: Uint8Array = domainBytes(
  'session root',
  new TextEncoder().encode('ML-KEM-768'),
)
const MESSAGE_INPUT: Uint8Array = domainBytes('session message')
const CHAIN_INPUT: Uint8Array = domainBytes('session chain')

/** KDF_CK (§3.1, §7.2): HMAC-SHA256 over two distinct constants. */
export async function stepChain(
  chain: Chain,
  primitives: Primitives,
): Promise<{ readonly messageKey: Uint8Array; readonly next: Chain }> {
  const messageKey = await primitives.hmacSha256(chain.key, MESSAGE_INPUT)
  return { messageKey, next: await nextChain(chain, primitives) }
}

async function nextChain({ key, number }: Chain, { hmacSha256 }: Primitives): Promise<Chain> {
  return { key: await hmacSha256(key, CHAIN_INPUT), number: number + 1 }
}

/** A chain at a later number, without the keys on the way. */
export async function runAhead(
  from: Chain,
  number: number,
  primitives: Primitives,
): Promise<Chain> {
  let chain = from
  while (chain.number < number) chain = await nextChain(chain, primitives)
  return chain
}

/** Shape of a {@link Chain}. */
export const chainShape: Shape<Chain> = record({ key: bytes({ length: 32 }), number: uint() })
