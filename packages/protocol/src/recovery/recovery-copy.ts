/**
 * The recovery copy: what an account needs to begin again with nothing but its words. A device of the
 * account seals it to the account's recovery key and signs it; contacts keep it and can neither read
 * nor make one (REC-10 … REC-12).
 */

import { sha256 } from '@noble/hashes/sha2.js'
import { equalBytes } from '../codec/bytes.ts'
import { type Codec, codec } from '../codec/codec.ts'
import { decoded } from '../codec/decoded.ts'
import { accountId, deviceId } from '../codec/id-shapes.ts'
import { bytes, list, record, type Shape, suited, text, uint } from '../codec/shape.ts'
import type { Rng } from '../environment.ts'
import { KithError } from '../errors.ts'
import { domainBytes } from '../identity/domain.ts'
import { SIGNATURE_BYTES, type Signer, verifySignature } from '../identity/keys.ts'
import { MAX_LOG_BYTES } from '../identity/log-entry.ts'
import { type AccountId, type DeviceId, deviceIdFromPublicKey, publicKeyOfDevice } from '../ids.ts'
import { openLockbox, sealLockbox } from '../lockbox.ts'

/** The only suite so far: lockbox (X-Wing HPKE), Ed25519, deterministic CBOR. */
const COPY_SUITE = 1
/** What is sealed in one copy, in bytes (REC-11): an account of 1,000 contacts and 5,000 stars fits. */
export const MAX_COPY_CONTENTS_BYTES: number = 1 << 20
/** A copy is that plus encapsulated key, tag, head and signature. */
export const MAX_COPY_BYTES: number = MAX_COPY_CONTENTS_BYTES + 4096
/** Lengths of contents are told in these steps only, so that a copy says little of what is in it. */
const PADDED_TO_BYTES = 4096
/** Of the length in front of the contents. */
const LENGTH_BYTES = 4
/** Contacts whose device logs go along; more are named in the account data only. */
const MAX_PEOPLE = 512
/** Devices whose places go along: all of 512 accounts with two each. */
const MAX_PLACES = 1024
const MAX_ADDRESSES = 16

/** A contact by its device log: without it nobody could tell whose devices are its own. */
export interface CopiedPerson {
  readonly account: AccountId
  /** Its encoded device log. */
  readonly log: Uint8Array
}

/** Where a device was last met. */
export interface CopiedPlace {
  readonly device: DeviceId
  readonly addresses: readonly string[]
}

/** What is sealed in a copy. */
export interface RecoveryContents {
  /** The account's encoded device log; empty when there was no room for it. */
  readonly log: Uint8Array
  /** Every epoch key, as the account log encodes them. */
  readonly epochs: Uint8Array
  /** The account data as one update; empty when there was no room for any. */
  readonly data: Uint8Array
  readonly people: readonly CopiedPerson[]
  /** Of this account and of its contacts. */
  readonly places: readonly CopiedPlace[]
}

/** What stands outside of the seal: whose copy, by whom, which of several, when. */
export interface CopyHead {
  readonly account: AccountId
  /** The device that made and signed it. */
  readonly device: DeviceId
  /** Of two copies by devices that are in, the higher one counts. */
  readonly number: number
  /** ms since 1970 UTC, by the clock of its device. */
  readonly madeAt: number
}

/** A copy as it is kept and sent. */
export interface RecoveryCopy extends CopyHead {
  /** The lockbox. */
  readonly box: Uint8Array
  /** Ed25519 by the device, 64 bytes. */
  readonly signature: Uint8Array
}

const headShape = {
  account: accountId,
  device: deviceId,
  number: uint(),
  madeAt: uint(),
} as const

const headCodec: Codec<CopyHead> = codec(record(headShape), { maxBytes: 256 })

/** Copies as bytes. Decoding proves nothing yet: see {@link readRecoveryCopy}. */
export const recoveryCopyCodec: Codec<RecoveryCopy> = codec(
  suited(
    COPY_SUITE,
    record({
      ...headShape,
      box: bytes({ max: MAX_COPY_BYTES - 512 }),
      signature: bytes({ length: SIGNATURE_BYTES }),
    }),
  ),
  { maxBytes: MAX_COPY_BYTES },
)

const contentsFields: Shape<RecoveryContents> = record({
  log: bytes({ max: MAX_LOG_BYTES }),
  epochs: bytes({ max: MAX_COPY_CONTENTS_BYTES }),
  data: bytes({ max: MAX_COPY_CONTENTS_BYTES }),
  people: list(record({ account: accountId, log: bytes({ max: MAX_LOG_BYTES }) }), {
    max: MAX_PEOPLE,
  }),
  places: list(
    record({ device: deviceId, addresses: list(text({ max: 512 }), { max: MAX_ADDRESSES }) }),
    { max: MAX_PLACES },
  ),
})

/** Contents of a copy, without their padding. */
export const recoveryContentsCodec: Codec<RecoveryContents> = codec(contentsFields, {
  maxBytes: MAX_COPY_CONTENTS_BYTES - LENGTH_BYTES,
})

/** What {@link createRecoveryCopy} makes a copy of. */
export interface CopyDraft extends Pick<CopyHead, 'account' | 'number' | 'madeAt'> {
  readonly contents: RecoveryContents
  /** X-Wing key of the account, from its device log. */
  readonly recoveryKey: Uint8Array
  readonly signer: Signer
}

/**
 * A copy, sealed to the account's recovery key and signed by this device.
 *
 * @throws ERR_TOO_LARGE when the contents do not fit
 *
 * @example
 * ```ts
 * const draft = { account, contents, recoveryKey, signer, number: 1, madeAt: clock.now() }
 * const copy = await createRecoveryCopy(draft, rng)
 * const { recoverySecretKey } = deriveAccountRoot(entropyFromWords(words))
 * openRecoveryCopy(readRecoveryCopy(copy), recoverySecretKey)?.data
 * ```
 */
export async function createRecoveryCopy(draft: CopyDraft, rng: Rng): Promise<Uint8Array> {
  const { account, contents, recoveryKey, signer, number, madeAt } = draft
  const device = deviceIdFromPublicKey(signer.publicKey)
  const head: CopyHead = { account, device, number, madeAt }
  const plaintext = padded(recoveryContentsCodec.encode(contents))
  const box = sealLockbox({ to: recoveryKey, ...bindingOf(head), plaintext }, rng)
  const signature = await signer.sign(signedBytes(head, box))
  return recoveryCopyCodec.encode({ ...head, box, signature })
}

/**
 * Reads a copy and proves that the device it names signed it. Whether that device is in the account is
 * asked of the device log.
 *
 * @throws ERR_MALFORMED, ERR_SUITE_UNKNOWN, ERR_SIGNATURE
 */
export function readRecoveryCopy(copy: Uint8Array): RecoveryCopy {
  const read = recoveryCopyCodec.decode(copy)
  if (!verifySignature(publicKeyOfDevice(read.device), signedBytes(read, read.box), read.signature))
    throw new KithError('ERR_SIGNATURE', 'a recovery copy its device did not sign')
  return read
}

/** What is in a copy; undefined when it was not sealed to this key, or is not what its head says. */
export function openRecoveryCopy(
  copy: RecoveryCopy,
  recoverySecretKey: Uint8Array,
): RecoveryContents | undefined {
  const opening = { secret: recoverySecretKey, ...bindingOf(copy), lockbox: copy.box }
  const plaintext = openLockbox(opening)
  const bare = plaintext && unpadded(plaintext)
  return bare && decoded(recoveryContentsCodec, bare)
}

/** The seal is bound to the head: a box under another head does not open. */
function bindingOf(head: CopyHead): { readonly info: Uint8Array; readonly aad: Uint8Array } {
  const { account, device, number, madeAt } = head
  return {
    info: domainBytes('recovery copy'),
    aad: headCodec.encode({ account, device, number, madeAt }),
  }
}

function signedBytes(head: CopyHead, box: Uint8Array): Uint8Array {
  return domainBytes('recovery copy signature', sha256(box), bindingOf(head).aad)
}

/** The length of the contents, 4 bytes, the contents, and zeros up to the next step. */
function padded(contents: Uint8Array): Uint8Array {
  const steps = Math.ceil((LENGTH_BYTES + contents.length) / PADDED_TO_BYTES)
  const plaintext = new Uint8Array(steps * PADDED_TO_BYTES)
  new DataView(plaintext.buffer).setUint32(0, contents.length)
  plaintext.set(contents, LENGTH_BYTES)
  return plaintext
}

function unpadded(plaintext: Uint8Array): Uint8Array | undefined {
  if (plaintext.length < LENGTH_BYTES) return undefined
  const length = new DataView(plaintext.buffer, plaintext.byteOffset).getUint32(0)
  const contents = plaintext.slice(LENGTH_BYTES, LENGTH_BYTES + length)
  return equalBytes(padded(contents), plaintext) ? contents : undefined
}
