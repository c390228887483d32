import { equalBytes } from '@kithmesh/protocol'
import type { RecordRefusal } from './accepting.ts'
import type { CheckedRecord } from './authenticity.ts'
import type { LogRecord } from './record.ts'

/** What {@link refusalByStanding} is asked with. */
export interface Standing {
  /** Whether the device of these records is in. */
  readonly isIn: boolean
  /** Whether a device that is in vouched for a record. */
  readonly isVouchedFor: (record: LogRecord, hash: Uint8Array) => Promise<boolean>
  /** The `prev` of the stored record right after one. */
  readonly prevAfter: (record: LogRecord) => Promise<Uint8Array | undefined>
}

/**
 * Why records of one lane, ascending, may not be taken in, by who wrote them (A8). Of a device that is
 * out only what was written before: what a device that is in vouched for, and from there on down what
 * the record above names as the one before it. The hash is what counts, never the number: a signature of
 * a removed device proves nothing any more, and so does its claim of a place.
 */
export async function refusalByStanding(
  checked: readonly CheckedRecord[],
  { isIn, isVouchedFor, prevAfter }: Standing,
): Promise<(record: LogRecord) => RecordRefusal | undefined> {
  if (isIn) return () => undefined
  if (checked.some(({ record }) => record.lane === 'data')) return () => 'not-allowed'
  const admitted = new Set<LogRecord>()
  let above: LogRecord | undefined
  for (const { record, hash, authentic } of checked.toReversed()) {
    const isNext = above !== undefined && above.seq === record.seq + 1 && admitted.has(above)
    const prev = isNext ? above?.prev : await prevAfter(record)
    const isLinked = prev !== undefined && equalBytes(prev, hash)
    if (authentic && (isLinked || (await isVouchedFor(record, hash)))) admitted.add(record)
    above = record
  }
  return (record) => (admitted.has(record) ? undefined : 'unvouched')
}
