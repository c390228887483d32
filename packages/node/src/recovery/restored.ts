import { entryIdOfBody, type SignedEntry } from '@kithmesh/protocol'
import { MAX_ADDRESSES } from '../addresses.ts'
import type { DeviceContext } from '../context.ts'
import type { Op } from '../store/store-types.ts'
import type { Findings } from './findings.ts'
import { wordsConfirmedOp } from './words.ts'

const TO_SHARE = 'restored data to share'

/** What a recovery writes beside the membership: contacts' device logs, where everybody is, and two marks. */
export function restoredOps(context: DeviceContext, findings: Findings): readonly Op[] {
  const { tables } = context
  const logs = findings.people.flatMap(({ account, entries }) =>
    entries.map((entry: SignedEntry) =>
      tables.logEntries.put([account, entryIdOfBody(entry.body)], entry),
    ),
  )
  const places = findings.places
    .filter(({ device }) => device !== context.device)
    .map(({ device, addresses }) => tables.addresses.put(device, addresses.slice(0, MAX_ADDRESSES)))
  return [
    ...logs,
    ...places,
    // Whoever recovers has the words; this device never had their entropy on its disk.
    wordsConfirmedOp(context),
    tables.device.put(TO_SHARE, Uint8Array.of(1)),
  ]
}

/**
 * What came back stands in no record of the account log yet. Written into it once, so that kept devices
 * and those linked later get it; again after a crash came between.
 */
export async function shareRestored(
  { store, tables }: DeviceContext,
  compact: () => Promise<void>,
): Promise<void> {
  if (!(await tables.device.get(TO_SHARE))) return
  await compact()
  await store.commit([tables.device.delete(TO_SHARE)])
}
