/** What the account log here says, taken in once more: the log tells what tables lost (STO-49). */

import type { LaneSpan, RecordEvent } from '@kithmesh/sync'
import type { AccountState } from '../account/account-state.ts'
import { type MessageRecord, messageRecordsIn } from '../account/log-contents.ts'
import { collectStaged, commitStaged, type Staged } from '../staged.ts'
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

/**
 * Takes in every stored record of the messages lane whose effect may be lost. False when some do not open: their
 * epoch was lost, too, and comes from a sibling.
 */
export async function replayRecords({ store, log, takeIn, signal }: ReplayParts): Promise<boolean> {
  const spans = messageSpans(log)
  let opened = 0
  for await (const events of batchesOf(eventsIn(log, spans))) {
    signal.throwIfAborted()
    opened += events.length
    const batch = await collectStaged(async (staged) => {
      for (const record of messageRecordsIn(events)) staged.push(...(await takeIn(record)))
    })
    await commitStaged(store, batch)
  }
  return opened === spans.reduce((sum, { from, to }) => sum + to - from + 1, 0)
}

async function* batchesOf(
  events: AsyncIterable<RecordEvent>,
): AsyncIterable<readonly RecordEvent[]> {
  let batch: RecordEvent[] = []
  for await (const event of events) {
    batch.push(event)
    if (batch.length < BATCH) continue
    yield batch
    batch = []
  }
  yield batch
}

/** What the stored records of every messages lane say. */
export async function* messageRecords(log: ReplayParts['log']): AsyncIterable<MessageRecord> {
  for await (const event of eventsIn(log, messageSpans(log))) yield* messageRecordsIn([event])
}

/** What is stored now; what comes meanwhile is taken in as it comes. */
function messageSpans(log: ReplayParts['log']): readonly LaneSpan[] {
  return log
    .holdings()
    .filter(({ lane }) => lane === 'messages')
    .flatMap(({ device, lane, stored }) => stored.map((range) => ({ device, lane, ...range })))
}

async function* eventsIn(
  log: ReplayParts['log'],
  spans: readonly LaneSpan[],
): AsyncIterable<RecordEvent> {
  for (const span of spans) yield* log.readOpened(span)
}
