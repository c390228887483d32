import type { DeviceId } from '@kithmesh/protocol'
import type { LogRecord } from '../log/record.ts'
import { nobleRecordCrypto } from '../log/record-crypto.ts'
import { countRanges } from '../range-set.ts'
import { accountNumber } from './ids.ts'
import type { TestReplica } from './replicas.ts'

/** A contact. */
export const BEN = accountNumber(1)

/** Signatures are not what is at stake where schedules are many. */
export const UNSIGNED = { ...nobleRecordCrypto, verify: () => true }

/** Contacts of an account, numbered. */
export function addContacts({ data }: TestReplica, count: number, from = 0): void {
  for (let number = from; number < from + count; number += 1) {
    data.contacts.set(accountNumber(100 + number), { name: `contact ${number}`, addedAt: number })
  }
}

/** What a replica has of the data lane of a device. */
export async function dataRecordsOf({ log }: TestReplica, device: DeviceId): Promise<LogRecord[]> {
  const records: LogRecord[] = []
  const span = { device, lane: 'data', from: 1, to: Number.MAX_SAFE_INTEGER } as const
  for await (const record of log.read(span)) records.push(record)
  return records
}

/** How many records a replica has. */
export function stored({ log }: TestReplica): number {
  return log.holdings().reduce((sum, lane) => sum + countRanges(lane.stored), 0)
}
