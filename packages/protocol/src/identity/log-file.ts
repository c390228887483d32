/**
 * A device log as a file: exported by one device, checked by whoever holds it, without any device
 * (LOG-15). Strict where a merge is patient: an honest export has no fault at all, so each fault is named
 * with its place.
 */

import { compareBytes, equalBytes } from '../codec/bytes.ts'
import { type Codec, codec } from '../codec/codec.ts'
import { accountId } from '../codec/id-shapes.ts'
import { bytes, list, record, suited } from '../codec/shape.ts'
import { type ErrorCode, isKithError } from '../errors.ts'
import type { AccountId, EntryId } from '../ids.ts'
import { type DeviceLogState, reduceDeviceLog } from './device-log.ts'
import {
  entryBodyCodec,
  entryIdOfBody,
  MAX_LOG_BYTES,
  MAX_LOG_ENTRIES,
  type SignedEntry,
  signedEntryShape,
} from './log-entry.ts'
import { entryFaultSentence, faultSentence } from './log-fault-sentence.ts'

const FILE_SUITE = 1
const HEAD_BYTES = 32

/** An exported device log. */
export interface DeviceLogFile {
  readonly account: AccountId
  /** The head the entries make, 32 bytes (LOG-9). */
  readonly head: Uint8Array
  /** Each after the one it follows. */
  readonly entries: readonly SignedEntry[]
}

/** Exported device logs. Reading one proves nothing: ask {@link verifyDeviceLogFile}. */
export const deviceLogFileCodec: Codec<DeviceLogFile> = codec(
  suited(
    FILE_SUITE,
    record({
      account: accountId,
      head: bytes({ length: HEAD_BYTES }),
      entries: list(signedEntryShape, { max: MAX_LOG_ENTRIES }),
    }),
  ),
  { maxBytes: MAX_LOG_BYTES + 128 },
)

/** What is wrong with an exported log, and where. */
export interface LogFileFault {
  /** `file`, or `entry 7`: the seventh of the file. */
  readonly place: string
  readonly code: ErrorCode
  /** A sentence for a person. */
  readonly message: string
}

/** What checking an exported log comes to. */
export interface DeviceLogReport {
  readonly valid: boolean
  /** What the log says; missing when it could not be read, or has no genesis. */
  readonly state?: DeviceLogState
  readonly faults: readonly LogFileFault[]
}

/** The log of `state` as a file. */
export function exportDeviceLog({ account, head, entries }: DeviceLogState): Uint8Array {
  return deviceLogFileCodec.encode({ account, head, entries })
}

/**
 * Checks an exported log by itself. `since`: an export of the same log from before, which this one must
 * continue; without one, nobody can see that the newest entries were left out.
 */
export function verifyDeviceLogFile(
  bytesOfFile: Uint8Array,
  { since }: { readonly since?: Uint8Array } = {},
): DeviceLogReport {
  const read = readFile(bytesOfFile)
  if ('fault' in read) return { valid: false, faults: [read.fault] }
  const { file, state } = read
  const inEntries = entryFaults(file, state)
  const faults = inEntries.length > 0 ? inEntries : headFaults(file, state)
  const rolledBack = since === undefined ? [] : rollbackFaults(state, since)
  const all = [...faults, ...rolledBack]
  return { valid: all.length === 0, state, faults: all }
}

type ReadFile =
  | { readonly file: DeviceLogFile; readonly state: DeviceLogState }
  | { readonly fault: LogFileFault }

function readFile(bytesOfFile: Uint8Array): ReadFile {
  try {
    const file = deviceLogFileCodec.decode(bytesOfFile)
    return { file, state: reduceDeviceLog(file.account, file.entries) }
  } catch (error) {
    if (!isKithError(error)) throw error
    return { fault: { place: 'file', code: error.code, message: sentence(error.message) } }
  }
}

/** Each fault at the entry it is in, in the order of the file. */
function entryFaults({ entries }: DeviceLogFile, state: DeviceLogState): readonly LogFileFault[] {
  const reasons = new Map(state.refused.map(({ id, reason }) => [id, reason]))
  const waiting = new Set(state.waiting.map(({ body }) => entryIdOfBody(body)))
  const forked = new Set(
    state.forks.flatMap(({ one, other }) => [one, other].map(({ body }) => entryIdOfBody(body))),
  )
  const kept = new Set(state.genuine.keys())
  const before = new Set<EntryId>()

  const codeOf = (id: EntryId, entry: SignedEntry): ErrorCode | undefined => {
    if (before.has(id)) return 'ERR_ENTRY_TWICE'
    const reason = reasons.get(id)
    if (reason !== undefined) return reason
    if (waiting.has(id)) return 'ERR_LOG_ORDER'
    if (forked.has(id)) return 'ERR_ENTRY_FORK'
    if (isAgreement(entry, state)) return undefined
    return followsLater(entry, { before, kept }) ? 'ERR_LOG_ORDER' : undefined
  }
  return entries.flatMap((entry, at) => {
    const id = entryIdOfBody(entry.body)
    const code = codeOf(id, entry)
    before.add(id)
    if (code === undefined) return []
    const message = entryFaultSentence(code, { entry, root: state.root })
    return [{ place: `entry ${at + 1}`, code, message }]
  })
}

/** Whether it is there for what a kept device agreed to, and not for its place in a chain (LOG-13). */
function isAgreement({ body }: SignedEntry, { genuine, period }: DeviceLogState): boolean {
  const [read, began] = [entryBodyCodec.decode(body), genuine.get(period)?.body]
  if (read.kind !== 'add' || began?.kind !== 'recover') return false
  return began.keep.some(({ device }) => device === read.device)
}

/** Whether its predecessor is in the log but stands behind it. */
function followsLater(
  { body }: SignedEntry,
  { before, kept }: { readonly before: ReadonlySet<EntryId>; readonly kept: ReadonlySet<EntryId> },
): boolean {
  const read = entryBodyCodec.decode(body)
  return read.kind !== 'genesis' && kept.has(read.prev) && !before.has(read.prev)
}

function headFaults({ head }: DeviceLogFile, state: DeviceLogState): readonly LogFileFault[] {
  if (equalBytes(head, state.head)) return []
  return [{ place: 'file', code: 'ERR_LOG_HEAD', message: faultSentence('ERR_LOG_HEAD') }]
}

/** LOG-15: nothing that decided the earlier export may be missing here. */
function rollbackFaults(state: DeviceLogState, since: Uint8Array): readonly LogFileFault[] {
  const earlier = readFile(since)
  if ('fault' in earlier) {
    return [{ ...earlier.fault, place: 'earlier file' }]
  }
  const { account, entries } = earlier.file
  if (account !== state.account) {
    const code = 'ERR_ENTRY_ACCOUNT'
    return [{ place: 'earlier file', code, message: 'It is the log of another account.' }]
  }
  const both = reduceDeviceLog(account, [...state.entries, ...entries])
  if (compareBytes(both.head, state.head) === 0) return []
  const code = 'ERR_LOG_ROLLBACK'
  return [{ place: 'file', code, message: faultSentence(code) }]
}

function sentence(message: string): string {
  return `${message.charAt(0).toUpperCase()}${message.slice(1)}.`
}
