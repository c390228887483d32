import {
  type AccountId,
  type AccountRoot,
  createRecover,
  type DeviceId,
  deriveAccountRoot,
  type EntryId,
  entropyFromWords,
  entryBodyCodec,
  entryIdOfBody,
  KithError,
  mergeDeviceLogs,
  type SignedEntry,
} from '@kithmesh/protocol'
import { createEpoch, createEpochRing, type EpochKey, nextEpoch } from '@kithmesh/sync'
import { membershipOps } from '../account/account.ts'
import type { CallOptions } from '../api/options.ts'
import type { Restored, RestoreOptions } from '../api/recovery.ts'
import type { DeviceContext } from '../context.ts'
import { codeOf, toError } from '../faults.ts'
import { createSerial } from '../serial.ts'
import type { Op } from '../store/store-types.ts'
import { askSource, parseSources, type SourceAnswer, tellSource } from './asking.ts'
import { type Findings, mergeAnswers } from './findings.ts'
import { devicesToKeep, recoveryPlan } from './plan.ts'
import { restoredOps } from './restored.ts'

/** Beginning again with the words, on a device that belongs to no account yet. */
export interface Restoring {
  restore(words: string, options: RestoreOptions): Promise<Restored>
}

/** Sources asked at once. */
const MAX_SOURCES = 16
/** Epochs that come back: a ring holds 1,024, and the account goes on making some. */
const MAX_EPOCHS_BACK = 960
/** No device takes an epoch that is further above those it has (ALOG). */
const MAX_EPOCH_STEP = 1_024

/** Recovery for a device without an account; `enter` opens the account it comes to belong to. */
export function createRestoring(
  context: DeviceContext,
  parts: {
    readonly account: () => AccountId | undefined
    readonly enter: (account: AccountId) => Promise<unknown>
  },
): Restoring {
  const { clock, rng, primitives, signer, store, logger } = context
  const inTurn = createSerial<'restore'>()

  async function restore(words: string, options: RestoreOptions): Promise<Restored> {
    if (parts.account()) {
      throw new KithError('ERR_LINK_ALREADY', 'this device belongs to an account already', {
        hint: 'Recover into an empty home: a device that is linked needs no words.',
      })
    }
    const root = deriveAccountRoot(entropyFromWords(words))
    const { signal } = options
    const answers = await askAll(root, options)
    const findings = mergeAnswers(context, answers, root)
    const kept = await confirmed(findings, options)
    signal?.throwIfAborted()
    const recover = await recoverEntry(findings, { root, kept })
    const { account } = findings
    const log = mergeDeviceLogs(findings.log, [recover])
    await store.commit(await writtenOps(findings, { recover, entries: log.entries }))
    await parts.enter(account)
    await tellAll(answers, { root, entries: log.entries, signal })
    return { account, device: context.device, kept }
  }

  async function askAll(
    root: AccountRoot,
    { from, signal }: RestoreOptions,
  ): Promise<readonly SourceAnswer[]> {
    const sources = parseSources(context, from)
    if (sources.length === 0 || sources.length > MAX_SOURCES) {
      throw new KithError('ERR_RECOVERY_SOURCE', `give 1 to ${MAX_SOURCES} devices to ask`, {
        hint: 'A device of yours that is left, or one of a contact: its address or an invite code.',
      })
    }
    for (const { device, addresses } of sources) context.net.setAddresses(device, addresses)
    const options = signal ? { signal } : {}
    const asked = await Promise.allSettled(
      sources.map(({ device }) => askSource(context, { device, root }, options)),
    )
    signal?.throwIfAborted()
    const answered = asked.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))
    const answers = answered.filter((answer) => answer !== undefined)
    if (answers.length > 0) return answers
    // Somebody was there and knows nothing: other sources or other words, not another try.
    if (answered.length > 0) throw unknownAccount()
    throw asked.find((one) => one.status === 'rejected')?.reason
  }

  /** Nothing is written before a person said yes to what they were shown (REC-22). */
  async function confirmed(
    findings: Findings,
    { keep = [], confirm, signal }: RestoreOptions,
  ): Promise<readonly DeviceId[]> {
    const first = devicesToKeep(findings, keep)
    const ends = signal ? AbortSignal.any([signal, context.signal]) : context.signal
    const answer = await unlessAborted(confirm(recoveryPlan(findings, first)), ends)
    signal?.throwIfAborted()
    if (answer === true) return first
    if (answer === false) {
      throw new KithError('ERR_RECOVERY_DECLINED', 'it was not confirmed', {
        hint: 'Nothing was changed. Recover again whenever you like.',
      })
    }
    return devicesToKeep(findings, answer.keep)
  }

  function recoverEntry(
    { account, log }: Findings,
    { root, kept }: { readonly root: AccountRoot; readonly kept: readonly DeviceId[] },
  ): Promise<SignedEntry> {
    return createRecover({
      account,
      genesis: genesisOf(log.entries),
      root: root.signer,
      number: log.recoveries + 1,
      device: signer,
      keep: kept.map((device) => {
        return { device, rights: log.devices.get(device)?.rights ?? { link: false } }
      }),
      at: clock.now(),
    })
  }

  /** One batch: this device is the first of the account, with all that came back, or nothing is here. */
  async function writtenOps(
    findings: Findings,
    {
      recover,
      entries,
    }: { readonly recover: SignedEntry; readonly entries: readonly SignedEntry[] },
  ): Promise<readonly Op[]> {
    const { account, data } = findings
    const epochs = await epochsSince(entryIdOfBody(recover.body), findings)
    const seed = data.encodeState()
    return [
      ...membershipOps(context, { account, entries, epochs, seed }),
      ...restoredOps(context, findings),
    ]
  }

  /** What was sealed before can be read as far as its keys came back; what comes is sealed anew. */
  async function epochsSince(recover: EntryId, { epochs }: Findings): Promise<readonly EpochKey[]> {
    const at = clock.now()
    const known = withoutLeaps(epochs).slice(-MAX_EPOCHS_BACK)
    if (known.length === 0) return [createEpoch(rng, 1, { at, removals: [recover] })]
    const ring = await createEpochRing(known, primitives)
    await ring.add(nextEpoch(ring, { out: [recover], at }, rng))
    return ring.list()
  }

  /** They would learn it at the next greeting; here at once, also when this device stops after this. */
  async function tellAll(
    answers: readonly SourceAnswer[],
    told: {
      readonly root: AccountRoot
      readonly entries: readonly SignedEntry[]
      readonly signal: AbortSignal | undefined
    },
  ): Promise<void> {
    const { root, entries, signal } = told
    const options: CallOptions = signal ? { signal } : {}
    const tells = answers.map(({ device }) =>
      tellSource(context, { device, root, entries }, options).catch((error: unknown) => {
        logger.debug('a source does not know of the recovery yet', { code: codeOf(error) })
      }),
    )
    await Promise.all(tells)
  }

  return { restore: (words, options) => inTurn('restore', () => restore(words, options)) }
}

function genesisOf(entries: readonly SignedEntry[]): ReturnType<typeof entryIdOfBody> {
  const genesis = entries.find(({ body }) => entryBodyCodec.decode(body).kind === 'genesis')
  if (!genesis) throw new KithError('ERR_LOG_GENESIS', 'a device log without a genesis')
  return entryIdOfBody(genesis.body)
}

/** Whoever gives up need not wait for the person who is asked. */
async function unlessAborted<T>(asked: Promise<T>, signal: AbortSignal): Promise<T> {
  const aborted = Promise.withResolvers<never>()
  const onAbort = (): void => aborted.reject(toError(signal.reason))
  signal.addEventListener('abort', onAbort)
  try {
    signal.throwIfAborted()
    return await Promise.race([asked, aborted.promise])
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}

function unknownAccount(): KithError {
  return new KithError('ERR_RECOVERY_UNKNOWN', 'no source knows the account of these words', {
    hint: 'Check the words, and that the source is a device of yours or of one of your contacts.',
  })
}

/**
 * By number, up to the first leap: a device in a thief's hands may have put an epoch into its copy
 * that no other comes behind, so that the account could never make one again.
 */
function withoutLeaps(epochs: readonly EpochKey[]): readonly EpochKey[] {
  const sorted = epochs.toSorted((a, b) => a.number - b.number)
  const leap = sorted.findIndex(
    ({ number }, at) => number - (sorted[at - 1]?.number ?? 0) > MAX_EPOCH_STEP,
  )
  return leap === -1 ? sorted : sorted.slice(0, leap)
}
