import type { AccountId, DeviceId, MaybePromise } from '@kithmesh/protocol'
import {
  type AccountData,
  type AccountLog,
  type AccountReplica,
  createAccountData,
  dropUnusedEpochs,
  type Exchanges,
  MAX_EPOCHS,
  newClientId,
  openAccountReplica,
  type RecordCrypto,
} from '@kithmesh/sync'
import type { DeviceContext } from '../context.ts'
import { codeOf } from '../faults.ts'
import { readWrittenUpTo } from '../healing/damaged-home.ts'
import type { Staged } from '../staged.ts'
import type { AccountEpochs } from '../standing/account-epochs.ts'
import { readSeed } from './account.ts'
import { createAccountLogStore } from './account-log-store.ts'
import type { DeviceLogs } from './device-logs.ts'
import { joinedEdits } from './joined-edits.ts'
import { type MessageRecord, messageRecordsIn, toContent } from './log-contents.ts'

/** What the account's devices share, and the log that carries it between them. */
export interface AccountState {
  readonly data: AccountData
  readonly log: AccountLog<Staged>
  readonly exchanges: Exchanges
  /** Edits account data; resolves when the edit is durable here. */
  edit(change: () => void): Promise<void>
  /** Tells siblings of messages; durable together with what goes along. */
  record(records: readonly MessageRecord[], alongside: readonly Staged[]): Promise<void>
  /** Sees message records of siblings before they are durable; what it stages becomes durable with them. */
  onRecords(take: (records: readonly MessageRecord[]) => Promise<readonly Staged[]>): void
  /** To be called after each change of who is in, once the device log says so (ALOG-18). */
  membersChanged(): Promise<void>
  /** Writes everything into the account log anew, for who has none of the records it came from. */
  compact(): Promise<void>
  close(): Promise<void>
}

/** Three quarters of what a ring holds: years of weeks, or a device that made many (ALOG-16). */
const CROWDED_EPOCHS: number = (3 / 4) * MAX_EPOCHS

/** Opens account data and account log from this device's disk. */
export async function openAccountState(
  context: DeviceContext,
  {
    account,
    logs,
    epochs,
  }: {
    readonly account: AccountId
    readonly logs: DeviceLogs
    readonly epochs: AccountEpochs
  },
): Promise<AccountState> {
  const { rng, clock, scheduler, signer, logger } = context
  const isSibling = (device: DeviceId): boolean => logs.accountOf(device) === account
  let takeRecords: (records: readonly MessageRecord[]) => MaybePromise<readonly Staged[]> = () => []

  const data = createAccountData({ clientId: newClientId(rng), clock })
  const replica: AccountReplica<Staged> = await openAccountReplica<Staged>({
    data,
    account,
    signer,
    epochs: epochs.ring,
    store: createAccountLogStore(context),
    writtenUpTo: await readWrittenUpTo(context),
    rng,
    clock,
    scheduler,
    crypto: recordCrypto(context),
    mayWrite: isSibling,
    isSibling,
    prepare: async (events) => ({ alongside: await takeRecords(messageRecordsIn(events)) }),
    onFailure: (error) => logger.warn('account data is not written yet', { code: codeOf(error) }),
    onRefused: ({ code }) =>
      logger.warn('a device of this account has used up its share of account data', { code }),
  })
  const { log, exchanges } = replica
  if (log.epochs.list().length > CROWDED_EPOCHS) await dropUnusedEpochs(log)
  // Until the log of the siblings has come, what linking brought is all there is.
  const seed = await readSeed(context)
  if (seed.length > 0) data.applyUpdate(seed, { kind: 'snapshot' })

  log.events.addEventListener('log:forked', ({ detail }) =>
    logger.warn('two records in one place: a restored backup, a copy or a stolen key', {
      lane: detail.lane,
      seq: detail.seq,
    }),
  )

  const makeEdit = joinedEdits(data.batch)
  return {
    data,
    log,
    exchanges,
    edit: async (change) => {
      context.signal.throwIfAborted()
      const renewal = epochs.renewal()
      if (renewal !== undefined) await renewal
      await makeEdit(change)
      return replica.flush()
    },
    record: async (records, alongside) => {
      try {
        const contents = records.map(toContent)
        const renewal = epochs.renewal()
        // Only when a week is over: what was asked for first is else written first.
        if (renewal !== undefined) await renewal
        await log.append({ lane: 'messages', contents, alongside })
      } catch (error) {
        // It may have failed before it was handed to the store; others wait for what was staged (SES-11).
        for (const one of alongside) one.discard?.()
        throw error
      }
    },
    onRecords: (take) => {
      takeRecords = take
    },
    membersChanged: () => replica.membersChanged(),
    compact: () => replica.compact(),
    close: replica.close,
  }
}

/** Native where the platform has it: one account log is thousands of records (facts of RecordCrypto). */
function recordCrypto({ primitives }: DeviceContext): RecordCrypto {
  return {
    sha256: primitives.sha256,
    hkdfSha256: primitives.hkdfSha256,
    aes256Gcm: primitives.aes256Gcm,
    verify: (publicKey, bytes, signature) =>
      primitives.verifyEd25519({ publicKey, bytes, signature }),
  }
}
