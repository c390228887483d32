/**
 * What stands on disk for a value (STO-20): the format's version, the number of the commit that wrote
 * it, a nonce, then its key and itself under AES-256-GCM, bound to all of the former and to the
 * bytes it is stored under. A value copied to another key, or an older one put back, is noticed.
 */

import { domainBytes, joinBytes } from '@kithmesh/protocol'
import type { StoreKey } from '../platform.ts'

/** What is sealed together. */
export interface PlainValue {
  /** The key before any part of it was hidden; empty for the ledger. */
  readonly plainKey: Uint8Array
  readonly value: Uint8Array
}

/** Where and when a value is written. */
export interface ValuePlace {
  readonly storedKey: Uint8Array
  /** Number of the commit, from 1. */
  readonly commit: number
}

const VERSION = 1
const COMMIT_BYTES = 8
/** Random, 96 bits: no two meet within 2^32 values of one key (NIST SP 800-38D §8.3; STO-21). */
export const NONCE_BYTES = 12
const HEADER_BYTES = 1 + COMMIT_BYTES + NONCE_BYTES
const LENGTH_BYTES = 4

/** The bytes to store for a value; `nonce` is drawn for it alone. */
export async function sealValue(
  { plainKey, value }: PlainValue,
  place: ValuePlace,
  { storeKey, nonce }: { readonly storeKey: StoreKey; readonly nonce: Uint8Array },
): Promise<Uint8Array> {
  const header = joinBytes(Uint8Array.of(VERSION), commitBytes(place.commit), nonce)
  const plaintext = joinBytes(lengthBytes(plainKey.length), plainKey, value)
  const associated = domainBytes('store value', header, place.storedKey)
  return joinBytes(header, await storeKey.seal(plaintext, { nonce, associated }))
}

/** The value stored under `storedKey`; undefined when this store did not write it there. */
export async function openValue(
  stored: Uint8Array,
  storedKey: Uint8Array,
  storeKey: StoreKey,
): Promise<PlainValue | undefined> {
  if (stored.length < HEADER_BYTES || stored[0] !== VERSION) return undefined
  const header = stored.subarray(0, HEADER_BYTES)
  const nonce = stored.subarray(HEADER_BYTES - NONCE_BYTES, HEADER_BYTES)
  const associated = domainBytes('store value', header, storedKey)
  const plaintext = await storeKey.open(stored.subarray(HEADER_BYTES), { nonce, associated })
  return plaintext === undefined ? undefined : split(plaintext)
}

/** The plaintext is ours since its tag is right, so its length needs no doubt. */
function split(plaintext: Uint8Array): PlainValue {
  const keyLength = new DataView(plaintext.buffer, plaintext.byteOffset).getUint32(0)
  const end = LENGTH_BYTES + keyLength
  return { plainKey: plaintext.slice(LENGTH_BYTES, end), value: plaintext.slice(end) }
}

function commitBytes(commit: number): Uint8Array {
  const bytes = new Uint8Array(COMMIT_BYTES)
  new DataView(bytes.buffer).setBigUint64(0, BigInt(commit))
  return bytes
}

function lengthBytes(length: number): Uint8Array {
  const bytes = new Uint8Array(LENGTH_BYTES)
  new DataView(bytes.buffer).setUint32(0, length)
  return bytes
}
