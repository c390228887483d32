import type { AccountId, MaybePromise } from '@kithmesh/protocol'
import {
  type AccountData,
  type AccountLog,
  createAccountData,
  newClientId,
  openAccountLog,
  type RecordContent,
  type RecordCrypto,
} from '@kithmesh/sync'
import { readEpochs } from './account.ts'
import { createAccountLogStore } from './account-log-store.ts'
import type { DeviceContext } from './context.ts'
import type { DeviceLogs } from './device-logs.ts'
import { openDocument } from './document.ts'
import { codeOf } from './faults.ts'
import { type MessageRecord, messageRecordsIn, toContent, UPDATE } from './log-contents.ts'
import { commitStaged, type Staged } from './staged.ts'

/** What the account's devices share, and the log that carries it between them. */
export interface AccountState {
  readonly data: AccountData
  readonly log: AccountLog<Staged>
  /** Edits account data; resolves when the edit, and what goes along, is durable here. */
  edit(change: () => void, alongside?: readonly Staged[]): Promise<void>
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
  const { rng, clock, signer, logger } = context
  let takeRecords: (records: readonly MessageRecord[]) => MaybePromise<readonly Staged[]> = () => []

  const log = await openAccountLog<Staged>({
    account,
    signer,
    epochs: await readEpochs(context),
    store: createAccountLogStore(context),
    rng,
    crypto: recordCrypto(context),
    mayWrite: (device) => logs.accountOf(device) === account,
    prepare: async (events) => ({ alongside: await takeRecords(messageRecordsIn(events)) }),
  })
  const document = await openDocument(context, log)
  const data = createAccountData({
    clientId: newClientId(rng),
    clock,
    ...(document.snapshot ? { snapshot: document.snapshot } : {}),
  })
  await document.catchUp(data)

  /** Edits that are in the data but whose write failed: they go with the next one. */
  let unsaved: readonly RecordContent[] = []
  let goingAlong: readonly Staged[] = []
  let written: Promise<void> | undefined

  data.onUpdate((update) => {
    const contents = [...unsaved, { kind: UPDATE, body: update }]
    unsaved = []
    written = log.append({ lane: 'data', contents, alongside: goingAlong }).then(
      () => undefined,
      (error: unknown) => {
        unsaved = [...contents, ...unsaved]
        throw error
      },
    )
    goingAlong = []
  })

  function edit(change: () => void, alongside: readonly Staged[] = []): Promise<void> {
    goingAlong = alongside
    written = undefined
    // Yjs calls back before this returns, so the edit's own update is the one that is awaited.
    data.batch(change)
    return written ?? commitStaged(context.store, alongside)
  }

  async function record(
    records: readonly MessageRecord[],
    alongside: readonly Staged[],
  ): Promise<void> {
    const contents = records.map(toContent)
    await log.append({ lane: 'messages', contents, alongside })
  }

  log.events.addEventListener('log:forked', ({ detail }) =>
    logger.warn('two records in one place: a restored backup, a copy or a stolen key', {
      lane: detail.lane,
      seq: detail.seq,
    }),
  )

  return {
    data,
    log,
    edit,
    record,
    onRecords: (take) => {
      takeRecords = take
    },
    close: () =>
      document.save(data).catch((error) => logger.warn('not saved', { code: codeOf(error) })),
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
