/**
 * What stands on disk for a value (STO-20): the format's version, the number of the commit that wrote
 * it, a nonce, then its key and itself under AES-256-GCM, bound to all of the former and to the
 * bytes it is stored under. A value copied to another key, or an older one put back, is noticed.
 */

import { domainBytes, joinBytes, type MaybePromise } from '@kithmesh/protocol'
import type { StoreKey } from '../platform.ts'
import { writeUint64 } from './key-codec.ts'
import { whenReady, withScratch } from './ready.ts'

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
export function sealValue(
  { plainKey, value }: PlainValue,
  place: ValuePlace,
  tools: { readonly storeKey: StoreKey; readonly nonce: Uint8Array },
): MaybePromise<Uint8Array> {
  return sealKeyed([plainKey], value, { ...place, ...tools })
}

/** What a value is sealed with. */
export interface ValueSealing extends ValuePlace {
  readonly storeKey: StoreKey
  readonly nonce: Uint8Array
}

/** As {@link sealValue}, of a key in its parts. */
export function sealKeyed(
  keyParts: readonly Uint8Array[],
  value: Uint8Array,
  { storedKey, commit, storeKey, nonce }: ValueSealing,
): MaybePromise<Uint8Array> {
  const keyLength = keyParts.reduce((length, part) => length + part.length, 0)
  const associatedLength = ASSOCIATED.length + HEADER_BYTES + storedKey.length
  const plainLength = LENGTH_BYTES + keyLength + value.length
  return withScratch(associatedLength + plainLength, (scratch) => {
    const associated = scratch.subarray(0, associatedLength)
    const plaintext = scratch.subarray(associatedLength)
    const header = writeHeader(associated, commit, nonce)
    associated.set(storedKey, ASSOCIATED.length + HEADER_BYTES)
    writePlain(plaintext, keyParts, { keyLength, value })
    const sealed = storeKey.seal(plaintext, { nonce, associated })
    return whenReady(sealed, (bytes) => joinBytes(header, bytes))
  })
}

/** Before the header where it is authenticated. */
const ASSOCIATED = domainBytes('store value')

function writeHeader(associated: Uint8Array, commit: number, nonce: Uint8Array): Uint8Array {
  const header = associated.subarray(ASSOCIATED.length, ASSOCIATED.length + HEADER_BYTES)
  associated.set(ASSOCIATED)
  header[0] = VERSION
  writeUint64(header, 1, commit)
  header.set(nonce, 1 + COMMIT_BYTES)
  return header
}

function writePlain(
  plaintext: Uint8Array,
  keyParts: readonly Uint8Array[],
  { keyLength, value }: { readonly keyLength: number; readonly value: Uint8Array },
): void {
  plaintext[0] = keyLength >>> 24
  plaintext[1] = keyLength >>> 16
  plaintext[2] = keyLength >>> 8
  plaintext[3] = keyLength
  let at = LENGTH_BYTES
  for (const part of keyParts) {
    plaintext.set(part, at)
    at += part.length
  }
  plaintext.set(value, at)
}

/** The value stored under `storedKey`; undefined when this store did not write it there. */
export function openValue(
  stored: Uint8Array,
  storedKey: Uint8Array,
  storeKey: StoreKey,
): MaybePromise<PlainValue | undefined> {
  if (stored.length < HEADER_BYTES || stored[0] !== VERSION) return undefined
  const header = stored.subarray(0, HEADER_BYTES)
  const nonce = stored.subarray(HEADER_BYTES - NONCE_BYTES, HEADER_BYTES)
  const sealed = stored.subarray(HEADER_BYTES)
  const plaintext = withScratch(ASSOCIATED.length + header.length + storedKey.length, (scratch) => {
    scratch.set(ASSOCIATED)
    scratch.set(header, ASSOCIATED.length)
    scratch.set(storedKey, ASSOCIATED.length + header.length)
    return storeKey.open(sealed, { nonce, associated: scratch })
  })
  return whenReady(plaintext, (bytes) => (bytes === undefined ? undefined : split(bytes)))
}

/** The plaintext is ours since its tag is right, so its length needs no doubt. */
function split(plaintext: Uint8Array): PlainValue {
  const keyLength = new DataView(plaintext.buffer, plaintext.byteOffset).getUint32(0)
  const end = LENGTH_BYTES + keyLength
  return { plainKey: plaintext.slice(LENGTH_BYTES, end), value: plaintext.slice(end) }
}
