import { equalBytes } from '@kithmesh/protocol'
import type { LogRecord } from './record.ts'
import type { RecordSealer } from './seal.ts'

/** A record and what was found out about who wrote it. */
export interface CheckedRecord {
  readonly record: LogRecord
  readonly hash: Uint8Array
  readonly authentic: boolean
  /**
   * It is authentic, but the authentic record after it names another before it: the log was
   * forked (ALOG-10).
   */
  readonly forked: boolean
}

/**
 * Checks records of one lane, ascending (ALOG-4). From the highest down: a record whose hash is
 * the `prev` of an authentic record is what the device wrote there, signature included; only
 * where that is not known is the signature verified. `prevAfter` gives the `prev` of the stored
 * record right after one.
 */
export async function checkAuthenticity(
  records: readonly LogRecord[],
  sealer: Pick<RecordSealer, 'hashOf' | 'verify'>,
  prevAfter: (record: LogRecord) => Promise<Uint8Array | undefined>,
): Promise<readonly CheckedRecord[]> {
  const checked: CheckedRecord[] = []
  let after: CheckedRecord | undefined
  for (const record of records.toReversed()) {
    const isNext = after !== undefined && after.record.seq === record.seq + 1
    const prev = isNext ? trustedPrev(after) : await prevAfter(record)
    const hash = await sealer.hashOf(record)
    const isChained = prev !== undefined && equalBytes(hash, prev)
    const authentic = isChained || (await sealer.verify(record))
    const forked = authentic && prev !== undefined && !isChained
    after = { record, hash, authentic, forked }
    checked.push(after)
  }
  return checked.reverse()
}

function trustedPrev(after: CheckedRecord | undefined): Uint8Array | undefined {
  return after?.authentic === true ? after.record.prev : undefined
}
