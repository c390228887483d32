import {
  type AccountId,
  type AccountRoot,
  type CopiedPlace,
  type DeviceId,
  type DeviceLogState,
  decoded,
  deviceLogCodec,
  equalBytes,
  isKithError,
  KithError,
  mergeDeviceLogs,
  openRecoveryCopy,
  type RecoveryContents,
  type RecoveryCopy,
  readRecoveryCopy,
  reduceDeviceLog,
  type SignedEntry,
} from '@kithmesh/protocol'
import {
  type AccountData,
  createAccountData,
  type EpochKey,
  epochKeysCodec,
  newClientId,
} from '@kithmesh/sync'
import type { DeviceContext } from '../context.ts'
import { shownName } from '../names.ts'
import type { SourceAnswer } from './asking.ts'

/** Copies that are merged, the highest numbers first: each may hold 1 MiB. */
const MAX_COPIES = 16

/** A copy that opened. */
interface OpenedCopy {
  readonly copy: RecoveryCopy
  readonly contents: RecoveryContents
}

/** What all sources together have of an account, proved and merged. */
export interface Findings {
  readonly account: AccountId
  /** The account's device log as it is before the recovery. */
  readonly log: DeviceLogState
  readonly data: AccountData
  readonly epochs: readonly EpochKey[]
  /** Device logs of contacts, each of the root that is pinned. */
  readonly people: readonly DeviceLogState[]
  readonly places: readonly CopiedPlace[]
  /** When the newest copy was made, ms since 1970 UTC; undefined when there is none. */
  readonly copyMadeAt: number | undefined
  /** Whether only devices that were removed made the copies there are (REC-24). */
  readonly fromRemoved: boolean
  readonly answers: readonly SourceAnswer[]
}

/**
 * Proves what the sources gave: the log by the root, copies by their signature and by opening with
 * the words, contacts by their pinned root. What does not hold is left out.
 *
 * @throws ERR_RECOVERY_SOURCE when no source has a log of this root
 */
export function mergeAnswers(
  context: DeviceContext,
  answers: readonly SourceAnswer[],
  root: AccountRoot,
): Findings {
  const merged = mergedLogs(answers, root)
  const sealed = answers
    .flatMap(({ copies }) => copies)
    .flatMap((bytes) => openedCopy(bytes, merged.account, root) ?? [])
  const log = sealed.reduce((state, one) => withLog(state, one.contents.log), merged)
  const opened = sealed.filter((one) => isOfAccount(one, log))
  const inNow = opened.filter(({ copy }) => log.devices.get(copy.device)?.state === 'in')
  // A removed device may have been in a thief's hands when it made its last copy: only when nobody
  // else has one, and the person is told.
  const used = newestOf(inNow.length > 0 ? inNow : opened)
  const data = mergedData(context, used)
  addSources(context, data, { answers, account: log.account })
  return {
    account: log.account,
    log,
    data,
    epochs: epochsOf(used),
    people: peopleOf(data, { used, answers }),
    places: used.flatMap(({ contents }) => contents.places),
    copyMadeAt: used.length > 0 ? Math.max(...used.map(({ copy }) => copy.madeAt)) : undefined,
    fromRemoved: used.length > 0 && inNow.length === 0,
    answers,
  }
}

function newestOf(copies: readonly OpenedCopy[]): readonly OpenedCopy[] {
  return copies.toSorted((a, b) => b.copy.number - a.copy.number).slice(0, MAX_COPIES)
}

function mergedLogs(answers: readonly SourceAnswer[], root: AccountRoot): DeviceLogState {
  const states = answers.flatMap(({ account, logs }) =>
    logs
      .filter((one) => one.account === account)
      .flatMap(({ entries }) => genuineLog(account, entries) ?? [])
      .filter((state) => equalBytes(state.root, root.signer.publicKey)),
  )
  const [first, ...others] = states
  if (!first) {
    throw new KithError('ERR_RECOVERY_SOURCE', 'no source showed a device log of this account')
  }
  return others
    .filter(({ account }) => account === first.account)
    .reduce((state, { entries }) => mergeDeviceLogs(state, entries), first)
}

function genuineLog(
  account: AccountId,
  entries: readonly SignedEntry[],
): DeviceLogState | undefined {
  try {
    return reduceDeviceLog(account, entries)
  } catch (error) {
    if (isKithError(error)) return undefined
    throw error
  }
}

function openedCopy(
  bytes: Uint8Array,
  account: AccountId,
  root: AccountRoot,
): OpenedCopy | undefined {
  try {
    const copy = readRecoveryCopy(bytes)
    if (copy.account !== account) return undefined
    const contents = openRecoveryCopy(copy, root.recoverySecretKey)
    return contents && { copy, contents }
  } catch (error) {
    if (isKithError(error)) return undefined
    throw error
  }
}

/**
 * Anybody can seal to the recovery key, which every contact is shown: a copy has to be by a device that is,
 * or by the log in its seal was, of the account (REC-24).
 */
function isOfAccount({ copy, contents }: OpenedCopy, log: DeviceLogState): boolean {
  if (log.devices.has(copy.device)) return true
  const entries = decoded(deviceLogCodec, contents.log)
  return (
    entries !== undefined && genuineLog(copy.account, entries)?.devices.has(copy.device) === true
  )
}

/** Sealed together with the rest, so that a source which hides entries hides nothing. */
function withLog(state: DeviceLogState, log: Uint8Array): DeviceLogState {
  const entries = log.length > 0 ? decoded(deviceLogCodec, log) : undefined
  return entries ? withEntries(state, entries) : state
}

/** The states of all copies, merged as those of siblings are (ACC-1). */
function mergedData(context: DeviceContext, used: readonly OpenedCopy[]): AccountData {
  const { rng, clock } = context
  const data = createAccountData({ clientId: newClientId(rng), clock })
  for (const { contents } of used) {
    if (contents.data.length > 0) data.applyUpdate(contents.data, { kind: 'snapshot' })
  }
  return data
}

/** Whoever answered for a contact is one: it has the log that only contacts are shown. */
function addSources(
  { clock }: DeviceContext,
  data: AccountData,
  { answers, account }: { readonly answers: readonly SourceAnswer[]; readonly account: AccountId },
): void {
  for (const { own, name, logs } of answers) {
    const entries = logs.find((one) => one.account === own)?.entries
    const log = own === account || !entries ? undefined : genuineLog(own, entries)
    if (!log || data.contacts.get(own)) continue
    const shown = shownName(name, 'somebody without a name')
    data.contacts.set(own, { name: shown, addedAt: clock.now(), root: log.root })
  }
}

function epochsOf(used: readonly OpenedCopy[]): readonly EpochKey[] {
  return used.flatMap(({ contents }) => decoded(epochKeysCodec, contents.epochs) ?? [])
}

function peopleOf(
  data: AccountData,
  found: { readonly used: readonly OpenedCopy[]; readonly answers: readonly SourceAnswer[] },
): readonly DeviceLogState[] {
  const copied = found.used
    .flatMap(({ contents }) => contents.people)
    .map(({ account, log }) => ({ account, entries: decoded(deviceLogCodec, log) ?? [] }))
  const shown = found.answers.flatMap(({ logs }) => logs)
  const states = new Map<AccountId, DeviceLogState>()
  for (const { account, entries } of [...copied, ...shown]) {
    const contact = data.contacts.get(account)
    const known = states.get(account)
    const state = known ? withEntries(known, entries) : genuineLog(account, entries)
    const isPinned = !contact?.root || (state && equalBytes(state.root, contact.root))
    if (contact && state && isPinned) states.set(account, state)
  }
  return [...states.values()]
}

function withEntries(state: DeviceLogState, entries: readonly SignedEntry[]): DeviceLogState {
  try {
    return mergeDeviceLogs(state, entries)
  } catch (error) {
    if (isKithError(error)) return state
    throw error
  }
}

/** What a device was called; its id where nobody knows. */
export function nameOfDevice({ data }: Pick<Findings, 'data'>, device: DeviceId): string {
  return data.devices.get(device)?.name ?? `a device without a name (${device.slice(-8)})`
}
