import type { Lane } from '../log/lane.ts'
import type { LogRecord, LogRecordBody } from '../log/record.ts'
import { type FrameOf, MAX_FRAME_BYTES, MAX_RECORDS_PER_FRAME } from './frames.ts'
import { bodyOf, RECORD_OVERHEAD_BYTES, sizeOfBody } from './run-size.ts'

/** New records of this device on their way to one sibling. */
export interface LiveQueue {
  /** Takes a record; false when too much is on the way already. */
  push(record: LogRecord): boolean
  next(): FrameOf<'live'> | undefined
  /** The sibling has dealt with a frame; false when there was none with this id. */
  done(id: number): boolean
}

/**
 * Records and bytes a sibling has not dealt with; beyond it new records are only announced
 * (ALOG-13).
 */
const MAX_LIVE_RECORDS = 256
const MAX_LIVE_BYTES: number = 2 ** 20

/** An empty queue. */
export function createLiveQueue(): LiveQueue {
  const waiting: LogRecord[] = []
  const onTheWay = new Map<number, { readonly count: number; readonly bytes: number }>()
  let lastId = 0
  let count = 0
  let bytes = 0
  return {
    push: (record) => {
      const size = sizeOfBody(record)
      if (count >= MAX_LIVE_RECORDS || bytes + size > MAX_LIVE_BYTES) return false
      count += 1
      bytes += size
      waiting.push(record)
      return true
    },
    next: () => {
      const [first] = waiting
      if (first === undefined) return undefined
      const records = waiting.splice(0, runLength(waiting, first.lane)).map(bodyOf)
      lastId += 1
      onTheWay.set(lastId, { count: records.length, bytes: sizeOf(records) })
      return { kind: 'live', id: lastId, lane: first.lane, records }
    },
    done: (id) => {
      const frame = onTheWay.get(id)
      if (frame === undefined) return false
      onTheWay.delete(id)
      count -= frame.count
      bytes -= frame.bytes
      return true
    },
  }
}

/** How many of the first records are of one lane and fit one frame. */
function runLength(records: readonly LogRecord[], lane: Lane): number {
  let room = MAX_FRAME_BYTES - RECORD_OVERHEAD_BYTES
  const end = records.findIndex((record, at) => {
    room -= sizeOfBody(record)
    return record.lane !== lane || room < 0 || at >= MAX_RECORDS_PER_FRAME
  })
  return end === -1 ? records.length : end
}

function sizeOf(records: readonly LogRecordBody[]): number {
  return records.reduce((sum, record) => sum + sizeOfBody(record), 0)
}
