import type { LogRecord, LogRecordBody } from '../log/record.ts'

/**
 * Most that stands around the sealed part of a record in a frame (133 bytes), and around the
 * records.
 */
export const RECORD_OVERHEAD_BYTES = 160

/** A record as it stands in a run of its lane. */
export function bodyOf({ seq, epoch, prev, sealed, signature }: LogRecord): LogRecordBody {
  return { seq, epoch, prev, sealed, signature }
}

/** Bytes a record takes in a frame, at most. */
export function sizeOfBody({ sealed }: LogRecordBody): number {
  return sealed.length + RECORD_OVERHEAD_BYTES
}
