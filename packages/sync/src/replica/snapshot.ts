import {
  bytes,
  type Codec,
  codec,
  type DeviceId,
  deviceId,
  type Infer,
  isKithError,
  joinBytes,
  KithError,
  list,
  type Rng,
  record,
  uint,
} from '@kithmesh/protocol'
import { MAX_SNAPSHOT_BYTES } from '../data/update-intake.ts'
import { type LaneSpan, type LogPosition, MAX_SEQ } from '../log/lane.ts'
import type { RecordContent } from '../log/record.ts'

/** The kind of content that carries a part of a snapshot. */
export const SNAPSHOT_KIND = 'snapshot'

/**
 * The whole state of account data, and the records of the lane `data` whose updates it holds
 * (ALOG-8).
 */
export interface Snapshot {
  /** One Yjs update, encoding version 1. */
  readonly state: Uint8Array
  /** Spans of the lane `data`. */
  readonly covers: readonly LaneSpan[]
}

/** A snapshot all parts of which are there. */
export interface WholeSnapshot extends Snapshot {
  /** From its first to its last part. */
  readonly span: LaneSpan
}

/** Bytes of state in one part: with its frame around it, it fits a record. */
const MAX_PART_BYTES = 192 * 1024
/** Parts of the largest snapshot. */
const MAX_PARTS = Math.ceil(MAX_SNAPSHOT_BYTES / MAX_PART_BYTES)
/** Spans covered: one a device, a few where a removed one left a hole. */
export const MAX_COVERS = 1_024

const part = record({
  id: bytes({ length: 8 }),
  number: uint({ max: MAX_PARTS - 1 }),
  of: uint({ max: MAX_PARTS }),
  /** In the first part only. */
  covers: list(
    record({ device: deviceId, from: uint({ max: MAX_SEQ }), to: uint({ max: MAX_SEQ }) }),
    { max: MAX_COVERS },
  ),
  state: bytes({ max: MAX_PART_BYTES }),
})

const partCodec: Codec<Infer<typeof part>> = codec(part, { maxBytes: 250 * 1024 })

/** A snapshot as contents, one for each record. @throws ERR_TOO_LARGE */
export function createSnapshot({ state, covers }: Snapshot, rng: Rng): readonly RecordContent[] {
  const of = Math.max(1, Math.ceil(state.length / MAX_PART_BYTES))
  if (of > MAX_PARTS) throw new KithError('ERR_TOO_LARGE', 'account data too large for a snapshot')
  const id = rng.bytes(8)
  return Array.from({ length: of }, (_, number) => ({
    kind: SNAPSHOT_KIND,
    body: partCodec.encode({
      id,
      number,
      of,
      covers: number === 0 ? covers.map(({ device, from, to }) => ({ device, from, to })) : [],
      state: state.slice(number * MAX_PART_BYTES, (number + 1) * MAX_PART_BYTES),
    }),
  }))
}

/** Puts snapshots together again. */
export interface SnapshotReader {
  /**
   * Takes one part, in any order, and passes over other kinds; the snapshot when it is the last
   * one missing.
   */
  take(content: RecordContent, position: LogPosition): WholeSnapshot | undefined
}

/** A reader that keeps the parts of one unfinished snapshot for each device, the newest. */
export function createSnapshotReader(): SnapshotReader {
  const unfinished = new Map<DeviceId, Unfinished>()
  return {
    take: ({ kind, body }, { device, lane, seq }) => {
      const part = kind === SNAPSHOT_KIND ? decodeOrNothing(body) : undefined
      if (part === undefined || part.number >= part.of) return undefined
      const known = unfinished.get(device)
      const snapshot = known?.id === idText(part.id) ? known : begin(part)
      if (snapshot.of !== part.of) return undefined
      unfinished.set(device, snapshot)
      snapshot.parts.set(part.number, { ...part, seq })
      if (snapshot.parts.size < snapshot.of) return undefined
      unfinished.delete(device)
      return wholeOf({ device, lane, seq }, snapshot)
    },
  }
}

type Part = Infer<typeof part>

interface Unfinished {
  readonly id: string
  readonly of: number
  readonly parts: Map<number, Part & { readonly seq: number }>
}

function begin({ id, of }: Part): Unfinished {
  return { id: idText(id), of, parts: new Map() }
}

function idText(id: Uint8Array): string {
  return id.join()
}

function wholeOf({ device, lane }: LogPosition, { parts }: Unfinished): WholeSnapshot {
  const sorted = [...parts.values()].sort((a, b) => a.number - b.number)
  const seqs = sorted.map(({ seq }) => seq)
  return {
    state: joinBytes(...sorted.map(({ state }) => state)),
    covers: (sorted[0]?.covers ?? [])
      .filter(({ from, to }) => from >= 1 && from <= to)
      .map((span) => ({ ...span, lane: 'data' as const })),
    span: { device, lane, from: Math.min(...seqs), to: Math.max(...seqs) },
  }
}

function decodeOrNothing(body: Uint8Array): Part | undefined {
  try {
    return partCodec.decode(body)
  } catch (error) {
    if (isKithError(error)) return undefined
    throw error
  }
}
