import type { AccountId, DeviceId, MaybePromise } from '@kithmesh/protocol'
import {
  type AccountData,
  type AccountLog,
  type AccountReplica,
  createAccountData,
  type Exchanges,
  newClientId,
  openAccountReplica,
  type RecordCrypto,
} from '@kithmesh/sync'
import { readEpochs, readSeed } from './account.ts'
import { createAccountLogStore } from './account-log-store.ts'
import type { DeviceContext } from './context.ts'
import type { DeviceLogs } from './device-logs.ts'
import { codeOf } from './faults.ts'
import { type MessageRecord, messageRecordsIn, toContent } from './log-contents.ts'
import type { Staged } from './staged.ts'

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
  close(): Promise<void>
}

/** Opens account data and account log from this device's disk. */
export async function openAccountState(
  context: DeviceContext,
  { account, logs }: { readonly account: AccountId; readonly logs: DeviceLogs },
): Promise<AccountState> {
  const { rng, clock, scheduler, signer, logger } = context
  const isSibling = (device: DeviceId): boolean => logs.accountOf(device) === account
  let takeRecords: (records: readonly MessageRecord[]) => MaybePromise<readonly Staged[]> = () => []

  const data = createAccountData({ clientId: newClientId(rng), clock })
  const replica: AccountReplica<Staged> = await openAccountReplica<Staged>({
    data,
    account,
    signer,
    epochs: await readEpochs(context),
    store: createAccountLogStore(context),
    rng,
    clock,
    scheduler,
    crypto: recordCrypto(context),
    mayWrite: isSibling,
    isSibling,
    prepare: async (events) => ({ alongside: await takeRecords(messageRecordsIn(events)) }),
    onFailure: (error) => logger.warn('account data is not written yet', { code: codeOf(error) }),
  })
  const { log, exchanges } = replica
  // Until the log of the siblings has come, what linking brought is all there is.
  const seed = await readSeed(context)
  if (seed.length > 0) data.applyUpdate(seed, { kind: 'snapshot' })

  log.events.addEventListener('log:forked', ({ detail }) =>
    logger.warn('two records in one place: a restored backup, a copy or a stolen key', {
      lane: detail.lane,
      seq: detail.seq,
    }),
  )

  return {
    data,
    log,
    exchanges,
    edit: async (change) => {
      context.signal.throwIfAborted()
      data.batch(change)
      return replica.flush()
    },
    record: async (records, alongside) => {
      const contents = records.map(toContent)
      await log.append({ lane: 'messages', contents, alongside })
    },
    onRecords: (take) => {
      takeRecords = take
    },
    close: replica.close,
  }
}

/** Native where the platform has it: one account log is thousands of records (facts of RecordCrypto). */
function recordCrypto({ primitives, platform }: DeviceContext): RecordCrypto {
  return {
    sha256: primitives.sha256,
    hkdfSha256: primitives.hkdfSha256,
    aes256Gcm: primitives.aes256Gcm,
    verify: (publicKey, bytes, signature) =>
      platform.verifySignature({ publicKey, bytes, signature }),
  }
}
