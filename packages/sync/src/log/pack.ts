/**
 * Many records of one lane for a sibling that lacks them, without what it can work out by itself: what
 * each would be sealed as, and the hash of the one before (ALOG-21). What comes out is the same records
 * to the bit, so chain and signatures say of them what they say of any.
 */

import {
  bytes,
  type Codec,
  codec,
  decoded,
  equalBytes,
  list,
  optional,
  type Rng,
  record,
  text,
  uint,
} from '@kithmesh/protocol'
import { countRanges, type RangeSet, rangesOf } from '../range-set.ts'
import type { EpochId } from './epochs.ts'
import {
  createFrontCoder,
  createFrontReader,
  type FrontCoded,
  type FrontReader,
  MAX_BACK,
} from './front-coding.ts'
import type { LaneId } from './lane.ts'
import {
  type LogRecord,
  MAX_CONTENTS,
  MAX_CONTENTS_BYTES,
  NO_PREV,
  type RecordContent,
} from './record.ts'
import { NONCE_BYTES, type RecordSealer } from './seal.ts'

/** Records of one lane and one epoch, sealed together. */
export interface Pack {
  readonly epoch: EpochId
  /** Where its records stand. */
  readonly places: RangeSet
  readonly sealed: Uint8Array
}

/** What became of opening a pack. */
export type Unpacked =
  /** Ascending. */
  | { readonly kind: 'records'; readonly records: readonly LogRecord[] }
  | { readonly kind: 'epoch-unknown' }
  /** Not sealed for this lane and these places, not well-formed, or too large inside. */
  | { readonly kind: 'unreadable' }

/** Collects records for one pack. */
export interface PackWriter {
  /**
   * Takes the next record of the lane, ascending; false when it is of another epoch or cannot be opened
   * here, so that it has to go by itself.
   */
  add(record: LogRecord): Promise<boolean>
  seal(): Promise<Pack | undefined>
}

/** Bytes of records that one pack may stand for: what a window holds (ALOG-13). */
export const MAX_UNPACKED_BYTES: number = 512 * 1024
/** Records in one pack: what a want asks for. */
export const MAX_PACKED = 512

interface PackedRecord {
  readonly nonce: Uint8Array
  readonly signature: Uint8Array
  /** Missing: the hash of the record before it in the pack. */
  readonly prev?: Uint8Array
  readonly contents: readonly FrontCoded[]
}

const packCodec: Codec<readonly PackedRecord[]> = codec(
  list(
    record({
      nonce: bytes({ length: NONCE_BYTES }),
      signature: bytes({ length: 64 }),
      prev: optional(bytes({ length: 32 })),
      contents: list(
        record({
          kind: optional(text({ max: 32 })),
          back: uint({ max: MAX_BACK }),
          shared: uint({ max: MAX_CONTENTS_BYTES }),
          rest: bytes({ max: MAX_CONTENTS_BYTES }),
        }),
        { max: MAX_CONTENTS },
      ),
    }),
    { max: MAX_PACKED },
  ),
  { maxBytes: MAX_UNPACKED_BYTES },
)

/** Begins a pack of a lane. */
export function createPackWriter(lane: LaneId, sealer: RecordSealer, rng: Rng): PackWriter {
  const coder = createFrontCoder()
  const packed: PackedRecord[] = []
  const places: number[] = []
  let last: { readonly seq: number; readonly hash: Uint8Array } | undefined
  let epoch: EpochId | undefined

  return {
    add: async (one) => {
      if (epoch !== undefined && epoch !== one.epoch) return false
      const opened = await sealer.open(one)
      if (opened.kind !== 'opened') return false
      const isNext = last?.seq === one.seq - 1 && equalBytes(last.hash, one.prev)
      const nonce = one.sealed.subarray(0, NONCE_BYTES)
      const contents = opened.contents.map(coder.code)
      const { signature, prev } = one
      packed.push({ nonce, signature, ...(isNext ? {} : { prev }), contents })
      places.push(one.seq)
      last = { seq: one.seq, hash: await sealer.hashOf(one) }
      epoch = one.epoch
      return true
    },
    seal: async () => {
      if (epoch === undefined) return undefined
      const place = { ...lane, epoch, places: rangesOf(places) }
      const plaintext = packCodec.encode(packed)
      const sealed = await sealer.sealPack({ ...place, plaintext }, rng)
      return { epoch, places: place.places, sealed }
    },
  }
}

/** The records of a pack of this lane. */
export async function openPack(lane: LaneId, pack: Pack, sealer: RecordSealer): Promise<Unpacked> {
  const opened = await sealer.openPack({ ...lane, ...pack })
  if (opened.kind !== 'opened') return opened
  const packed = decoded(packCodec, opened.plaintext)
  if (packed === undefined || packed.length !== countRanges(pack.places)) return UNREADABLE
  const reader = createFrontReader(MAX_UNPACKED_BYTES)
  const records: LogRecord[] = []
  const seqs = numbersOf(pack.places)
  let prev = NO_PREV
  for (const one of packed) {
    const contents = contentsOf(one.contents, reader)
    const seq = seqs.next().value
    if (contents === undefined || seq === undefined) return UNREADABLE
    const { nonce, signature } = one
    const place = { device: lane.device, lane: lane.lane, seq, epoch: pack.epoch }
    const rebuilt = await sealer.rebuild({
      ...place,
      prev: one.prev ?? prev,
      nonce,
      signature,
      contents,
    })
    if (rebuilt === undefined) return UNREADABLE
    records.push(rebuilt.record)
    prev = rebuilt.hash
  }
  return { kind: 'records', records }
}

function contentsOf(
  coded: readonly FrontCoded[],
  reader: FrontReader,
): readonly RecordContent[] | undefined {
  const contents = coded.map(reader.read)
  const whole = contents.filter((content) => content !== undefined)
  return whole.length === contents.length ? whole : undefined
}

function* numbersOf(ranges: RangeSet): Generator<number, undefined> {
  for (const { from, to } of ranges) for (let seq = from; seq <= to; seq += 1) yield seq
  return undefined
}

const UNREADABLE: Unpacked = { kind: 'unreadable' }
