/**
 * The device log: who is in an account. Its state is a pure function of the set of its entries, the same
 * under every order and duplication (protocol.md §2): genuine entries (log-pool.ts), where they begin
 * (log-period.ts), the tree they grow (log-tree.ts), who is accused (log-suspension.ts), and who is in
 * (log-standing.ts).
 */

import { sha256 } from '@noble/hashes/sha2.js'
import { compareBytes, equalBytes } from '../codec/bytes.ts'
import { type ErrorCode, isKithError, KithError } from '../errors.ts'
import { type AccountId, type DeviceId, type EntryId, entryIdToBytes } from '../ids.ts'
import { domainBytes } from './domain.ts'
import type { ForkProof } from './fork-proof.ts'
import { type ReadEntry, readEntry } from './log-check.ts'
import type { SignedEntry } from './log-entry.ts'
import { sortLeftover } from './log-leftover.ts'
import { entriesBeyondLimits } from './log-limits.ts'
import { type Period, periodOf } from './log-period.ts'
import { type EntryPool, entryPool, type GivenEntries, type KnownEntries } from './log-pool.ts'
import { type DeviceStanding, standingsOf } from './log-standing.ts'
import { type Suspensions, suspensionsOf } from './log-suspension.ts'
import { type Fork, growTree, type LogTree, type Place } from './log-tree.ts'

/** An entry that does not count, and why. */
export interface RefusedEntry {
  readonly id: EntryId
  readonly reason: ErrorCode
}

/** What a device log says. Never changed: merging makes a new one. */
export interface DeviceLogState {
  readonly account: AccountId
  /** Root Ed25519 key: what contacts pin. */
  readonly root: Uint8Array
  /** X-Wing recovery key, 1,216 bytes. */
  readonly recoveryKey: Uint8Array
  /** The entry that began what counts now: the genesis, or the recovery that won (LOG-13). */
  readonly period: EntryId
  /** Number of that recovery; 0 for the genesis. */
  readonly recoveries: number
  /** The first device of the period. */
  readonly first: DeviceId
  /**
   * Every device of the tree at its best place. A device below a revoked one is not in it at all.
   */
  readonly devices: ReadonlyMap<DeviceId, DeviceStanding>
  /** 32 bytes: equal heads mean equal states (LOG-9). */
  readonly head: Uint8Array
  /** Each genuine entry of a device that stands, once, parents first: what is kept and passed on. */
  readonly entries: readonly SignedEntry[]
  /** Entries whose predecessor has not arrived, so that nothing is known of them; at most 256. */
  readonly waiting: readonly SignedEntry[]
  /** Devices that wrote two entries in one place: each is an alert for people (LOG-6). */
  readonly forks: readonly ForkProof[]
  /** What does not count of what was given. */
  readonly refused: readonly RefusedEntry[]
  /** Entries whose signatures hold, by id: merging verifies only what is new. */
  readonly genuine: ReadonlyMap<EntryId, ReadEntry>
}

/**
 * The state of an account's device log from any set of its entries, in any order.
 *
 * @throws ERR_LOG_GENESIS when the account's genesis is not among them; ERR_SIGNATURE when they hold so
 * many forgeries that whoever gave them cannot be honest
 *
 * @example
 * ```ts
 * const genesis = await createGenesis({ root, recoveryKey, device: phone, at })
 * const state = reduceDeviceLog(accountIdOfGenesis(genesis), [genesis])
 * state.devices.get(state.first)?.state // 'in'
 * ```
 */
export function reduceDeviceLog(
  account: AccountId,
  entries: readonly SignedEntry[],
): DeviceLogState {
  return reduceWith({ account, genuine: new Map() }, { read: [], signed: entries })
}

/**
 * The state of a log that this device has verified before and kept where nobody else writes: the
 * signatures are taken to hold, which saves milliseconds for each entry when a device starts. What came
 * from anywhere else goes through {@link reduceDeviceLog}.
 *
 * @throws ERR_LOG_GENESIS, and ERR_MALFORMED or ERR_ENTRY_ACCOUNT for what was never such a log
 */
export function restoreDeviceLog(
  account: AccountId,
  entries: readonly SignedEntry[],
): DeviceLogState {
  const read = entries.map((entry) => readEntry(account, entry))
  const genuine = new Map(read.map((entry) => [entry.id, entry]))
  return reduceWith({ account, genuine }, { read, signed: [] })
}

/**
 * The state with more entries. Entries already there cost nothing; when nothing new comes the same
 * state is returned. `state` itself stays as it is, also when this throws.
 *
 * @throws ERR_SIGNATURE when `entries` hold so many forgeries that whoever gave them cannot be honest
 */
export function mergeDeviceLogs(
  state: DeviceLogState,
  entries: readonly SignedEntry[],
): DeviceLogState {
  const { account, genuine } = state
  const mergedWith = (signed: readonly SignedEntry[]): DeviceLogState =>
    reduceWith({ account, genuine }, { read: genuine.values(), signed })
  const merged = reduceOr(
    () => mergedWith([...state.waiting, ...entries]),
    () => mergedWith(entries),
  )
  return isSameState(state, merged) ? state : merged
}

/**
 * What waits was never verified: forgeries that lay in wait for an entry must not keep it out, so the
 * merge is tried again without them.
 */
function reduceOr(all: () => DeviceLogState, without: () => DeviceLogState): DeviceLogState {
  try {
    return all()
  } catch (error) {
    if (isKithError(error, 'ERR_SIGNATURE')) return without()
    throw error
  }
}

function isSameState(before: DeviceLogState, after: DeviceLogState): boolean {
  const refusedBefore = new Set(before.refused.map(({ id }) => id))
  return (
    equalBytes(before.head, after.head) &&
    before.entries.length === after.entries.length &&
    before.waiting.length === after.waiting.length &&
    after.refused.every(({ id }) => refusedBefore.has(id))
  )
}

/**
 * The predecessor that the next entry of `device` must name (LOG-3).
 *
 * @throws ERR_ENTRY_AUTHOR when the device is not in the log
 */
export function lastEntryOf(state: DeviceLogState, device: DeviceId): EntryId {
  const standing = state.devices.get(device)
  if (standing === undefined)
    throw new KithError('ERR_ENTRY_AUTHOR', 'not a device of this account')
  return standing.lastEntry
}

/** The devices that are in at a moment: in by the log, and not expired (LOG-11). */
export function devicesIn(
  state: DeviceLogState,
  { now }: { readonly now: number },
): readonly DeviceStanding[] {
  return [...state.devices.values()].filter(
    (standing) =>
      standing.state === 'in' && (standing.expiresAt === undefined || now < standing.expiresAt),
  )
}

/** The state of the entries given; `known` only saves verifying what was verified before. */
export function reduceWith(known: KnownEntries, given: GivenEntries): DeviceLogState {
  const pool = entryPool(known, given)
  const period = periodOf(pool)
  return stateOf(known.account, { pool, period, tree: growWithinLimits(period, pool) })
}

/** LOG-12: without the revoke that had no room what it revoked is back, but not all that stands behind it. */
function growWithinLimits(period: Period, pool: EntryPool): LogTree {
  const grown = growTree(period, pool)
  const beyond = entriesBeyondLimits(period, grown)
  if (beyond.length === 0) return grown
  for (const id of beyond) pool.drop(id, 'ERR_LOG_LIMIT')
  const had = new Set(grown.placed.map(({ entry }) => entry.id))
  const back = growTree(period, pool).placed.filter(({ entry }) => !had.has(entry.id))
  for (const { entry } of back) pool.drop(entry.id, 'ERR_LOG_LIMIT')
  return growTree(period, pool)
}

interface Reduced {
  readonly pool: EntryPool
  readonly period: Period
  readonly tree: LogTree
}

function stateOf(account: AccountId, { pool, period, tree }: Reduced): DeviceLogState {
  const { root, recoveryKey } = period.genesis.body
  const entries = new Set([...period.entries, ...tree.placed.map(({ entry }) => entry)])
  const suspensions = suspensionsOf(tree)
  const { waiting, faults } = sortLeftover({ period, tree }, pool.entries())
  const refused = new Map([...pool.faults, ...tree.faults, ...suspensions.faults, ...faults])
  return {
    account,
    root,
    recoveryKey,
    period: tree.first.id,
    recoveries: period.number,
    first: tree.first.device,
    devices: standingsOf(tree, suspensions, (place) => endOfChain(pool, place)),
    head: headOf(tree, suspensions),
    entries: [...entries].map(({ signed }) => signed),
    waiting: waiting.map(({ signed }) => signed),
    forks: tree.forks.map((fork) => forkProofOf(account, fork)),
    refused: [...refused].map(([id, reason]) => ({ id, reason })),
    genuine: new Map([...entries].map((entry) => [entry.id, entry])),
  }
}

/** Behind a fork the branch of the smaller ids, so that all devices agree. */
function endOfChain(pool: EntryPool, { id, device }: Place): EntryId {
  let last = id
  for (let next = pool.following(last, device)[0]; next !== undefined; ) {
    last = next.id
    next = pool.following(last, device)[0]
  }
  return last
}

/** LOG-9: over the decisive entries, whose ids commit to all else. */
function headOf(tree: LogTree, suspensions: Suspensions): Uint8Array {
  const ids = [...tree.decisive, ...suspensions.decisive].map(entryIdToBytes).sort(compareBytes)
  return sha256(domainBytes('device log head', ...ids))
}

function forkProofOf(account: AccountId, { place, prev, one, other }: Fork): ForkProof {
  return { account, device: place.device, prev, one: one.signed, other: other.signed }
}
