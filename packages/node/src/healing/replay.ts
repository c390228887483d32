/** What the account log here says, taken in once more: the log tells what tables lost (STO-49). */

import type { AccountState } from '../account/account-state.ts'
import { type MessageRecord, messageRecordsIn } from '../account/log-contents.ts'
import { commitStaged, type Staged } from '../staged.ts'
import type { Store } from '../store/store-types.ts'

/** What a replay works with. */
export interface ReplayParts {
  readonly store: Pick<Store, 'commit'>
  readonly log: Pick<AccountState['log'], 'holdings' | 'readOpened'>
  /** Stages what of a record is not here; nothing when all of it is. */
  readonly takeIn: (record: MessageRecord) => Promise<readonly Staged[]>
  readonly signal: AbortSignal
}

/** Records taken in by one commit. */
const BATCH = 128

/** Takes in every stored record of the messages lane whose effect may be lost. */
export async function replayRecords({ store, log, takeIn, signal }: ReplayParts): Promise<void> {
  let staged: Staged[] = []
  let waiting = 0
  for await (const record of messageRecords(log)) {
    signal.throwIfAborted()
    staged.push(...(await takeIn(record)))
    waiting += 1
    if (waiting < BATCH) continue
    await commitStaged(store, staged)
    staged = []
    waiting = 0
  }
  await commitStaged(store, staged)
}

/** What the stored records of every messages lane say. */
export async function* messageRecords(log: ReplayParts['log']): AsyncIterable<MessageRecord> {
  for (const { device, lane, stored } of log.holdings()) {
    if (lane !== 'messages') continue
    for (const { from, to } of stored) {
      for await (const event of log.readOpened({ device, lane, from, to })) {
        yield* messageRecordsIn([event])
      }
    }
  }
}
