import {
  bytes,
  type Codec,
  codec,
  deviceId,
  type Infer,
  list,
  mapped,
  record,
  type Shape,
  suite,
  text,
  uint,
} from '@kithmesh/protocol'
import { EPOCH_ID_BYTES, type EpochId, epochIdFromBytes, epochIdToBytes } from './epochs.ts'
import { LANES, type Lane, type LogPosition, MAX_SEQ } from './lane.ts'

/** A record without device and lane, which stand once over a run of them. */
export interface LogRecordBody {
  readonly seq: number
  readonly epoch: EpochId
  /** Hash of the record before it in the lane, 32 bytes; zeros before the first. */
  readonly prev: Uint8Array
  /** Nonce, ciphertext and tag. */
  readonly sealed: Uint8Array
  /** Ed25519 by the device, over position, `prev` and the hash of `sealed`. */
  readonly signature: Uint8Array
}

/**
 * One sealed, signed entry of a device's log (ALOG-2). Everything but what is in `sealed` can be
 * seen by whoever stores it.
 */
export interface LogRecord extends LogPosition, LogRecordBody {}

/** One thing a record says. A record holds one or more, which share one seal and one signature. */
export interface RecordContent {
  /** What `body` is, e.g. `update` or `message`; readers skip kinds they do not know. */
  readonly kind: string
  readonly body: Uint8Array
}

/** The suite of records: AES-256-GCM under HKDF-SHA256, Ed25519, SHA-256. */
export const RECORD_SUITE = 1
/** Largest sealed part: with its record around it, it fits one frame of 256 KiB (ALOG-13). */
export const MAX_SEALED_BYTES: number = 255 * 1024
/** Largest plaintext of a record. */
export const MAX_CONTENTS_BYTES: number = 254 * 1024
/** Contents in one record: as many as a burst puts into one while the one before it is sealed. */
export const MAX_CONTENTS = 1_024
/** Stands before the first record of a lane. */
export const NO_PREV: Uint8Array = new Uint8Array(32)

/** An epoch id as its 16 bytes. */
export const epochIdShape: Shape<EpochId> = mapped(
  bytes({ length: EPOCH_ID_BYTES }),
  epochIdToBytes,
  epochIdFromBytes,
)

/** A lane in bytes: its place in {@link LANES}. */
export const laneShape: Shape<Lane> = mapped<Lane, number>(
  uint({ max: LANES.length - 1 }),
  (lane) => LANES.indexOf(lane),
  (place) => LANES[place] ?? 'data',
)

/** A record in a run. */
export const recordBodyShape: Shape<LogRecordBody> = record({
  seq: uint({ max: MAX_SEQ }),
  epoch: epochIdShape,
  prev: bytes({ length: 32 }),
  sealed: bytes({ max: MAX_SEALED_BYTES }),
  signature: bytes({ length: 64 }),
})

const placedRecordShape = record({
  suite: suite(RECORD_SUITE),
  device: deviceId,
  lane: laneShape,
  body: recordBodyShape,
})

/** A whole record with its place, for disk and export. */
export const recordCodec: Codec<LogRecord> = codec(
  mapped<LogRecord, Infer<typeof placedRecordShape>>(
    placedRecordShape,
    ({ device, lane, ...body }) => ({ suite: RECORD_SUITE, device, lane, body }),
    ({ device, lane, body }) => ({ device, lane, ...body }),
  ),
  { maxBytes: MAX_SEALED_BYTES + 512 },
)

/** What is inside the seal. */
export const contentsCodec: Codec<readonly RecordContent[]> = codec(
  list(record({ kind: text({ max: 32 }), body: bytes({ max: MAX_CONTENTS_BYTES }) }), {
    max: MAX_CONTENTS,
  }),
  { maxBytes: MAX_CONTENTS_BYTES },
)
