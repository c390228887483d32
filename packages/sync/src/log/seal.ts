import {
  type AccountId,
  accountIdToBytes,
  domainBytes,
  isKithError,
  joinBytes,
  publicKeyOfDevice,
  type Rng,
  type Signer,
} from '@kithmesh/protocol'
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
}

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
const NONCE_BYTES = 12
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
  const keyOf = cachedLaneKeys(lanes, crypto)

  const associatedDataOf = (place: LogPosition & Pick<LogRecord, 'epoch'>): Uint8Array =>
    joinBytes(lanes(place).sealed, seqBytes(place.seq), epochBytes(place.epoch))
  const signedBytesOf = async (record: UnsignedRecord): Promise<Uint8Array> => {
    const { seq, epoch, prev, sealed } = record
    const sealedHash = await crypto.sha256(sealed)
    return joinBytes(lanes(record).signed, seqBytes(seq), epochBytes(epoch), prev, sealedHash)
  }
  const hashOfSigned = async (signed: Uint8Array, signature: Uint8Array): Promise<Uint8Array> =>
    crypto.sha256(joinBytes(HASHED, signature, signed))

  return {
    seal: async ({ contents, ...place }, { signer, rng }) => {
      const epoch = epochs.current()
      const nonce = rng.bytes(NONCE_BYTES)
      const ciphertext = await crypto.aes256Gcm.seal({
        key: await keyOf(place, epoch),
        nonce,
        bytes: contentsCodec.encode(contents),
        associatedData: associatedDataOf({ ...place, epoch: epoch.id }),
      })
      const unsigned = { ...place, epoch: epoch.id, sealed: joinBytes(nonce, ciphertext) }
      const signed = await signedBytesOf(unsigned)
      const signature = await signer.sign(signed)
      return { record: { ...unsigned, signature }, hash: await hashOfSigned(signed, signature) }
    },
    hashOf: async (record) => hashOfSigned(await signedBytesOf(record), record.signature),
    verify: async (record) =>
      crypto.verify(
        publicKeyOfDevice(record.device),
        await signedBytesOf(record),
        record.signature,
      ),
    open: async (record) => {
      const epoch = epochs.get(record.epoch)
      if (epoch === undefined) return { kind: 'epoch-unknown' }
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
}

function laneBytesOf(account: AccountId, { device, lane }: LaneId): LaneBytes {
  const suiteAndLane = Uint8Array.of(RECORD_SUITE >> 8, RECORD_SUITE & 0xff, LANES.indexOf(lane))
  const bytes = joinBytes(accountIdToBytes(account), publicKeyOfDevice(device), suiteAndLane)
  return {
    sealed: domainBytes('account seal', bytes),
    signed: domainBytes('account record', bytes),
  }
}

function cachedLaneKeys(
  lanes: (lane: LaneId) => LaneBytes,
  crypto: RecordCrypto,
): (lane: LaneId, epoch: Epoch) => Promise<Uint8Array> {
  const known = new Map<string, Promise<Uint8Array>>()
  const derive = async (lane: LaneId, epoch: Epoch): Promise<Uint8Array> =>
    crypto.hkdfSha256({
      secret: epoch.key,
      salt: NO_SALT,
      info: joinBytes(lanes(lane).sealed, epochIdToBytes(epoch.id)),
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
function cached<T, V>(keyOf: (value: T) => string, compute: (value: T) => V): (value: T) => V {
  const known = new Map<string, V>()
  return (value) => {
    const key = keyOf(value)
    const computed = known.get(key) ?? compute(value)
    known.set(key, computed)
    return computed
  }
}

function seqBytes(seq: number): Uint8Array {
  const bytes = new Uint8Array(8)
  new DataView(bytes.buffer).setBigUint64(0, BigInt(seq))
  return bytes
}

function contentsOrNothing(plaintext: Uint8Array): readonly RecordContent[] | undefined {
  try {
    return contentsCodec.decode(plaintext)
  } catch (error) {
    if (isKithError(error, 'ERR_MALFORMED')) return undefined
    throw error
  }
}
