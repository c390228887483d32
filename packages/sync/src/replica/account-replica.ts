/**
 * Account data kept the same on every own device: local edits go into the account log, records of siblings into the
 * document, and a snapshot takes the place of both when they grow long.
 */

import type { Clock, DeviceId } from '@kithmesh/protocol'
import type { AccountData } from '../data/account-data.ts'
import { createExchanges, type Exchanges } from '../exchange/exchanges.ts'
import {
  type AccountLog,
  type AccountLogOptions,
  type LogCallOptions,
  openAccountLog,
} from '../log/account-log.ts'
import type { RecordEvent } from '../log/accepting.ts'
import type { Scheduler } from '../scheduler.ts'
import { createCompaction } from './compaction.ts'
import { createIntoData } from './into-data.ts'
import { createOutOfData } from './out-of-data.ts'

/** How {@link openAccountReplica} is asked. */
export interface AccountReplicaOptions<Alongside = never> extends AccountLogOptions<Alongside> {
  /** Fresh: it is filled from the store. */
  readonly data: AccountData
  readonly clock: Pick<Clock, 'now' | 'monotonic'>
  readonly scheduler: Scheduler
  /** Whether a device is one of this account now. */
  readonly isSibling: (device: DeviceId) => boolean
  /** Called when an edit could not be written; it is tried again. */
  readonly onFailure?: (error: unknown) => void
}

/** Account data, its log and the exchanges with siblings. */
export interface AccountReplica<Alongside = never> {
  readonly data: AccountData
  readonly log: AccountLog<Alongside>
  readonly exchanges: Exchanges
  /** Resolves when every local edit made so far is durable in the log. */
  flush(): Promise<void>
  /** Writes a snapshot and lets go of the records it holds (ALOG-8). Runs by itself when they outgrow the state. */
  compact(options?: LogCallOptions): Promise<void>
  /** A device was removed: its updates that still wait are dropped, and what others may have of it is settled by a snapshot (A8). */
  forget(device: DeviceId, options?: LogCallOptions): Promise<void>
  /** Writes what is left and stops. */
  close(): Promise<void>
}

/**
 * Opens the log, fills the document from it and keeps both together.
 *
 * @example
 * ```ts
 * const replica = await openAccountReplica({ data: createAccountData(), account, signer, epochs, store, rng, … })
 * replica.data.contacts.rename(ben, 'Ben')
 * await replica.exchanges.run({ sibling, stream }, { signal })
 * ```
 */
export async function openAccountReplica<Alongside = never>(
  options: AccountReplicaOptions<Alongside>,
  call: LogCallOptions = {},
): Promise<AccountReplica<Alongside>> {
  const { data, scheduler, clock } = options
  const into = createIntoData(data)
  const prepare = async (events: readonly RecordEvent[]) => {
    const cover = into.takeSnapshots(events, log.holdings())
    const prepared = await options.prepare?.(events)
    return { ...prepared, cover: [...(prepared?.cover ?? []), ...cover] }
  }
  const log: AccountLog<Alongside> = await openAccountLog({ ...options, prepare }, call)
  await into.load(log, call)

  const out = createOutOfData({ data, log, rng: options.rng, scheduler, onFailure: options.onFailure })
  const compaction = createCompaction({ data, log, into, out, clock, device: log.device })
}
