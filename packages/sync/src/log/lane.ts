import type { DeviceId } from '@kithmesh/protocol'

/**
 * The two lanes of a device's log (ALOG-1). `data`: updates of account data, needed whole and
 * soon, replaced by snapshots. `messages`: messages and what became of them, long, read from the
 * newest on, withheld from some siblings for a time.
 */
export type Lane = 'data' | 'messages'

/** One lane of one device's log. */
export interface LaneId {
  readonly device: DeviceId
  readonly lane: Lane
}

/** The place of one record: sequence numbers begin with 1 in each lane. */
export interface LogPosition extends LaneId {
  readonly seq: number
}

/** Places `from` to `to` of one lane. */
export interface LaneSpan extends LaneId {
  readonly from: number
  readonly to: number
}

/** Both lanes, in the order in which they are caught up. */
export const LANES: readonly Lane[] = ['data', 'messages']

/** Largest sequence number: what fits the eight bytes it is signed in without losing a bit. */
export const MAX_SEQ: number = Number.MAX_SAFE_INTEGER

/** Text that stands for a lane as a key of maps. */
export function laneKey({ device, lane }: LaneId): string {
  return `${lane}/${device}`
}
