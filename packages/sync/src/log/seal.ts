import {
  type AccountId,
  AEAD_TAG_BYTES,
  accountIdToBytes,
  domainBytes,
  isKithError,
  joinBytes,
  KithError,
  publicKeyOfDevice,
  type Rng,
  type Signer,
} from '@kithmesh/protocol'
import { highestNumber, type RangeSet } from '../range-set.ts'
import { type Epoch, type EpochId, type EpochRing, epochIdToBytes } from './epochs.ts'
import { LANES, type LaneId, type LogPosition, laneKey } from './lane.ts'
import {
  contentsCodec,
  type LogRecord,
  MAX_SEALED_BYTES,
  RECORD_SUITE,
  type RecordContent,
} from './record.ts'
import type { RecordCrypto } from './record-crypto.ts'

/** Seals, signs, verifies and opens the records of one account. */
export interface RecordSealer {
  /** Makes a record of this device under the current epoch. @throws ERR_TOO_LARGE, ERR_MALFORMED */
  seal(
    draft: RecordDraft,
    by: { readonly signer: Signer; readonly rng: Rng },
  ): Promise<SealedRecord>
  /** The hash by which the next record of the lane names this one. */
  hashOf(record: LogRecord): Promise<Uint8Array>
  /** Whether the device of the record's place signed it. */
  verify(record: LogRecord): Promise<boolean>
  /** What the record says, or why that cannot be known. Does not look at the signature. */
  open(record: LogRecord): Promise<OpenedRecord>
  /**
   * The record these parts come from, to the bit: a cipher gives the same bytes for the same nonce.
   * Undefined where its epoch is not known or its contents are no contents. The nonce was drawn by who
   * made the record; nothing is sealed here that was not sealed by its author under it (ALOG-3).
   */
  rebuild(parts: RecordParts): Promise<SealedRecord | undefined>
  /** Seals what stands in a pack, under a key for packs of this lane and epoch. */
  sealPack(pack: PackPlace & { readonly plaintext: Uint8Array }, rng: Rng): Promise<Uint8Array>
  openPack(pack: PackPlace & { readonly sealed: Uint8Array }): Promise<OpenedPack>
}

/** What a record is made of beside what follows from it. */
export interface RecordParts extends RecordDraft, Pick<LogRecord, 'epoch' | 'signature'> {
  readonly nonce: Uint8Array
}

/** Which records a pack holds. */
export interface PackPlace extends LaneId {
  readonly epoch: EpochId
  readonly places: RangeSet
}

/** What became of opening a pack. */
export type OpenedPack =
  | { readonly kind: 'opened'; readonly plaintext: Uint8Array }
  | { readonly kind: 'epoch-unknown' }
  | { readonly kind: 'unreadable' }

/** A record to be made. */
export interface RecordDraft extends LogPosition {
  /** Hash of the record before it. */
  readonly prev: Uint8Array
  readonly contents: readonly RecordContent[]
}

/** A record with the hash the next one needs. */
export interface SealedRecord {
  readonly record: LogRecord
  readonly hash: Uint8Array
}

/** What became of opening a record. */
export type OpenedRecord =
  | { readonly kind: 'opened'; readonly contents: readonly RecordContent[] }
  /** Its epoch is not in the ring (yet). */
  | { readonly kind: 'epoch-unknown' }
  /** It was not sealed for this place under this epoch, or what was sealed is not well-formed. */
  | { readonly kind: 'unreadable' }

/** NIST SP 800-38D §8.2: 96 bits need no extra hashing. */
export const NONCE_BYTES = 12
const NO_SALT = new Uint8Array()

/**
 * The sealer of one account.
 *
 * Each lane of each device has a key of its own under an epoch, and each record a random 96-bit
 * nonce. Not the record's number: a device restored from a backup numbers on from the backup and
 * would use key and nonce twice, which with GCM gives away both plaintexts and the key that
 * authenticates (B2). Random nonces may be drawn 2^32 times a key (NIST SP 800-38D §8.3); with a
 * key for each lane that bound is one device's, not the account's (ALOG-3).
 */
export function createRecordSealer(options: {
  readonly account: AccountId
  readonly epochs: EpochRing
  readonly crypto: RecordCrypto
}): RecordSealer {
  const { account, epochs, crypto } = options
  const lanes = cached(laneKey, (lane: LaneId) => laneBytesOf(account, lane))
  const epochBytes = cached((id: EpochId) => id, epochIdToBytes)
  const keyOf = cachedLaneKeys((lane) => lanes(lane).sealed, crypto)
  const packKeyOf = cachedLaneKeys((lane) => lanes(lane).packed, crypto)
  /** What was found out when a record was built here; asked again when it is taken in. */
  const built = new WeakMap<LogRecord, Built>()

  const associatedDataOf = (place: LogPosition & Pick<LogRecord, 'epoch'>): Uint8Array =>
    joinBytes(lanes(place).sealed, seqBytes(place.seq), epochBytes(place.epoch))
  const signedBytesOf = async (record: UnsignedRecord): Promise<Uint8Array> => {
    const { seq, epoch, prev, sealed } = record
    const sealedHash = await crypto.sha256(sealed)
    return joinBytes(lanes(record).signed, seqBytes(seq), epochBytes(epoch), prev, sealedHash)
  }
  const hashOfSigned = async (signed: Uint8Array, signature: Uint8Array): Promise<Uint8Array> =>
    crypto.sha256(joinBytes(HASHED, signature, signed))

  const sealedBytesOf = async (
    place: LogPosition,
    { epoch, nonce, plaintext }: Sealing,
  ): Promise<Uint8Array> => {
    const ciphertext = await crypto.aes256Gcm.seal({
      key: await keyOf(place, epoch),
      nonce,
      bytes: plaintext,
      associatedData: associatedDataOf({ ...place, epoch: epoch.id }),
    })
    return joinBytes(nonce, ciphertext)
  }
  const packDataOf = ({ places, epoch, ...lane }: PackPlace): Uint8Array =>
    joinBytes(
      lanes(lane).packed,
      epochBytes(epoch),
      seqBytes(places.at(0)?.from ?? 0),
      seqBytes(highestNumber(places)),
    )

  return {
    seal: async ({ contents, ...place }, { signer, rng }) => {
      const epoch = epochs.current()
      const nonce = rng.bytes(NONCE_BYTES)
      const plaintext = contentsCodec.encode(contents)
      const sealed = await sealedBytesOf(place, { epoch, nonce, plaintext })
      const unsigned = { ...place, epoch: epoch.id, sealed }
      const signed = await signedBytesOf(unsigned)
      const signature = await signer.sign(signed)
      return { record: { ...unsigned, signature }, hash: await hashOfSigned(signed, signature) }
    },
    rebuild: async ({ nonce, contents, signature, epoch: id, ...place }) => {
      const epoch = epochs.get(id)
      const plaintext = encodedOrNothing(contents)
      if (epoch === undefined || plaintext === undefined) return undefined
      const sealed = await sealedBytesOf(place, { epoch, nonce, plaintext })
      const record = { ...place, epoch: id, sealed, signature }
      const hash = await hashOfSigned(await signedBytesOf(record), signature)
      built.set(record, { hash, contents })
      return { record, hash }
    },
    sealPack: async ({ plaintext, ...place }, rng) => {
      const epoch = epochs.get(place.epoch)
      if (epoch === undefined) throw new KithError('ERR_MALFORMED', 'a pack of an unknown epoch')
      const nonce = rng.bytes(NONCE_BYTES)
      const key = await packKeyOf(place, epoch)
      const associatedData = packDataOf(place)
      const input = { key, nonce, bytes: plaintext, associatedData }
      return joinBytes(nonce, await crypto.aes256Gcm.seal(input))
    },
    openPack: async ({ sealed, ...place }) => {
      const epoch = epochs.get(place.epoch)
      if (epoch === undefined) return { kind: 'epoch-unknown' }
      if (sealed.length < NONCE_BYTES + AEAD_TAG_BYTES) return { kind: 'unreadable' }
      const plaintext = await crypto.aes256Gcm.open({
        key: await packKeyOf(place, epoch),
        nonce: sealed.slice(0, NONCE_BYTES),
        bytes: sealed.subarray(NONCE_BYTES),
        associatedData: packDataOf(place),
      })
      return plaintext === undefined ? { kind: 'unreadable' } : { kind: 'opened', plaintext }
    },
    hashOf: async (record) =>
      built.get(record)?.hash ?? hashOfSigned(await signedBytesOf(record), record.signature),
    verify: async (record) =>
      crypto.verify(
        publicKeyOfDevice(record.device),
        await signedBytesOf(record),
        record.signature,
      ),
    open: async (record) => {
      const epoch = epochs.get(record.epoch)
      if (epoch === undefined) return { kind: 'epoch-unknown' }
      const known = built.get(record)
      if (known !== undefined) return { kind: 'opened', contents: known.contents }
      if (record.sealed.length > MAX_SEALED_BYTES) return { kind: 'unreadable' }
      const plaintext = await crypto.aes256Gcm.open({
        key: await keyOf(record, epoch),
        nonce: record.sealed.slice(0, NONCE_BYTES),
        bytes: record.sealed.subarray(NONCE_BYTES),
        associatedData: associatedDataOf(record),
      })
      const contents = plaintext === undefined ? undefined : contentsOrNothing(plaintext)
      return contents === undefined ? { kind: 'unreadable' } : { kind: 'opened', contents }
    },
  }
}

/** What a sealed part is made of. */
interface Sealing {
  readonly epoch: Epoch
  readonly nonce: Uint8Array
  readonly plaintext: Uint8Array
}

/** What a signature is made over. */
type UnsignedRecord = Omit<LogRecord, 'signature'>

/** Before what the hash of a record is made of. */
const HASHED = domainBytes('account heads')

/**
 * What stands before number and epoch in associated data and signed bytes: domain, account,
 * device, suite and lane. The same for every record of a lane, and dear to compute (base58). All
 * parts have fixed lengths (ID-2).
 */
interface LaneBytes {
  readonly sealed: Uint8Array
  readonly signed: Uint8Array
  readonly packed: Uint8Array
}

/** A record that was built here from its parts, so that nothing of it has to be found out again. */
interface Built {
  readonly hash: Uint8Array
  readonly contents: readonly RecordContent[]
}

function laneBytesOf(account: AccountId, { device, lane }: LaneId): LaneBytes {
  const suiteAndLane = Uint8Array.of(RECORD_SUITE >> 8, RECORD_SUITE & 0xff, LANES.indexOf(lane))
  const bytes = joinBytes(accountIdToBytes(account), publicKeyOfDevice(device), suiteAndLane)
  return {
    sealed: domainBytes('account seal', bytes),
    signed: domainBytes('account record', bytes),
    packed: domainBytes('account pack', bytes),
  }
}

function cachedLaneKeys(
  bytesOf: (lane: LaneId) => Uint8Array,
  crypto: RecordCrypto,
): (lane: LaneId, epoch: Epoch) => Promise<Uint8Array> {
  const known = new Map<string, Promise<Uint8Array>>()
  const derive = async (lane: LaneId, epoch: Epoch): Promise<Uint8Array> =>
    crypto.hkdfSha256({
      secret: epoch.key,
      salt: NO_SALT,
      info: joinBytes(bytesOf(lane), epochIdToBytes(epoch.id)),
      length: 32,
    })
  return (lane, epoch) => {
    const name = `${epoch.id}/${laneKey(lane)}`
    const key = known.get(name) ?? derive(lane, epoch)
    known.set(name, key)
    return key
  }
}

/** Computes a value once for each key. */
function cached<T, V extends {}>(
  keyOf: (value: T) => string,
  compute: (value: T) => V,
): (value: T) => V {
  const known = new Map<string, V>()
  return (value) => {
    const key = keyOf(value)
    const found = known.get(key)
    if (found !== undefined) return found
    const computed = compute(value)
    known.set(key, computed)
    return computed
  }
}

function seqBytes(seq: number): Uint8Array {
  const bytes = new Uint8Array(8)
  // No shift: those keep 32 bits. And no BigInt: one would be made for each record.
  for (let at = 7, left = seq; at >= 0; at--, left = Math.floor(left / 256)) bytes[at] = left % 256
  return bytes
}

/** What is no contents nobody can have sealed. */
function encodedOrNothing(contents: readonly RecordContent[]): Uint8Array | undefined {
  try {
    return contentsCodec.encode(contents)
  } catch (error) {
    if (isKithError(error)) return undefined
    throw error
  }
}

function contentsOrNothing(plaintext: Uint8Array): readonly RecordContent[] | undefined {
  try {
    return contentsCodec.decode(plaintext)
  } catch (error) {
    if (isKithError(error, 'ERR_MALFORMED')) return undefined
    throw error
  }
}
