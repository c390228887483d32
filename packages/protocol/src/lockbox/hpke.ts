/**
 * HPKE, base mode, single-shot (RFC 9180 §5.1.1, §6.1) with X-Wing as KEM (0x647a, draft-ietf-hpke-pq),
 * HKDF-SHA256 (0x0001) and ChaCha20-Poly1305 (0x0003: the same speed on every platform without native
 * code, and no tables to watch).
 */

import { expand, extract } from '@noble/hashes/hkdf.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { joinBytes } from '../identity/domain.ts'
import { nobleChaCha20Poly1305 } from '../session/noble-primitives.ts'
import { AEAD_TAG_BYTES } from '../session/primitives.ts'
import {
  decapsulateXWing,
  encapsulateXWing,
  XWING_CIPHERTEXT_BYTES,
  type XWingSecret,
} from './xwing.ts'

/** What both sides must agree on for a box to open. */
export interface HpkeContext {
  /** Goes into the key. */
  readonly info: Uint8Array
  /** Bound to the ciphertext, not part of it. */
  readonly aad: Uint8Array
}

/** Algorithms by their numbers at IANA; lengths in bytes. */
export interface HpkeSuite {
  readonly kem: number
  readonly kdf: number
  readonly aead: number
  readonly keyBytes: number
}

const SUITE: HpkeSuite = { kem: 0x647a, kdf: 0x0001, aead: 0x0003, keyBytes: 32 }
/** Bytes a box is longer than its plaintext. */
export const HPKE_OVERHEAD_BYTES: number = XWING_CIPHERTEXT_BYTES + AEAD_TAG_BYTES

/** Encapsulated key ‖ ciphertext. `randomness`: 64 fresh bytes. @throws ERR_KEY_REFUSED */
export function sealHpke(
  to: Uint8Array,
  { info, aad, plaintext }: HpkeContext & { readonly plaintext: Uint8Array },
  randomness: Uint8Array,
): Uint8Array {
  const { ciphertext, sharedSecret } = encapsulateXWing(to, randomness)
  const { key, nonce } = hpkeKeySchedule(SUITE, sharedSecret, info)
  const input = { key, nonce, associatedData: aad, bytes: plaintext }
  return joinBytes(ciphertext, nobleChaCha20Poly1305.seal(input))
}

/** The plaintext, or nothing when the box was not sealed to this key in this context. */
export function openHpke(
  secret: XWingSecret,
  { info, aad, box }: HpkeContext & { readonly box: Uint8Array },
): Uint8Array | undefined {
  if (box.length < HPKE_OVERHEAD_BYTES) return undefined
  const sharedSecret = decapsulateXWing(secret, box.slice(0, XWING_CIPHERTEXT_BYTES))
  if (sharedSecret === undefined) return undefined
  const { key, nonce } = hpkeKeySchedule(SUITE, sharedSecret, info)
  const sealed = box.slice(XWING_CIPHERTEXT_BYTES)
  return nobleChaCha20Poly1305.open({ key, nonce, associatedData: aad, bytes: sealed })
}

const MODE_BASE = Uint8Array.of(0)
const NONE = new Uint8Array()
const VERSION = ascii('HPKE-v1')

/** Key and nonce of base mode (RFC 9180 §5.1); one message each, so the base nonce is the nonce. */
export function hpkeKeySchedule(
  suite: HpkeSuite,
  sharedSecret: Uint8Array,
  info: Uint8Array,
): { readonly key: Uint8Array; readonly nonce: Uint8Array } {
  const id = joinBytes(ascii('HPKE'), ...[suite.kem, suite.kdf, suite.aead].map(twoBytes))
  const labeledExtract = (salt: Uint8Array, label: string, secret: Uint8Array): Uint8Array =>
    extract(sha256, joinBytes(VERSION, id, ascii(label), secret), salt)
  const context = joinBytes(
    MODE_BASE,
    labeledExtract(NONE, 'psk_id_hash', NONE),
    labeledExtract(NONE, 'info_hash', info),
  )
  const secret = labeledExtract(sharedSecret, 'secret', NONE)
  const labeledExpand = (label: string, length: number): Uint8Array => {
    const labeled = joinBytes(twoBytes(length), VERSION, id, ascii(label), context)
    return expand(sha256, secret, labeled, length)
  }
  return { key: labeledExpand('key', suite.keyBytes), nonce: labeledExpand('base_nonce', 12) }
}

function twoBytes(value: number): Uint8Array {
  return Uint8Array.of(value >> 8, value & 0xff)
}

function ascii(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}
