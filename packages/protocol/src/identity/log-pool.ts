/**
 * The entries a log is reduced from. Anyone can claim anything in an entry, and verifying costs
 * milliseconds: so a signature is verified only when the walk reaches the place its entry claims, once,
 * and never again for a later merge (LOG-2).
 */

import { equalBytes } from '../codec/bytes.ts'
import { type ErrorCode, isKithError, KithError } from '../errors.ts'
import type { AccountId, DeviceId, EntryId } from '../ids.ts'
import {
  type ChainEntry,
  type GenesisEntry,
  isChainEntry,
  isGenesisEntry,
  isRecoverEntry,
  type ReadEntry,
  type RecoverEntry,
  readEntry,
  type SignatureCheck,
  signatureFault,
} from './log-check.ts'
import { entryIdOfBody, type SignedEntry } from './log-entry.ts'

/** What is known before new entries come. */
export interface KnownEntries {
  readonly account: AccountId
  /** Entries whose signatures are known to hold, by id. Says nothing of which entries are in the log. */
  readonly genuine: ReadonlyMap<EntryId, ReadEntry>
  /** Which signatures hold; by default those that verify. */
  readonly faultOf?: SignatureCheck
}

/** Entries to reduce: some read before, some as they came. */
export interface GivenEntries {
  readonly read: Iterable<ReadEntry>
  readonly signed: readonly SignedEntry[]
}

/** Entries by id and by the place they claim. */
export interface EntryPool {
  readonly genuine: ReadonlyMap<EntryId, ReadEntry>
  /** Entries that could not be read, are forged or were dropped, and why. */
  readonly faults: ReadonlyMap<EntryId, ErrorCode>
  /** @throws ERR_LOG_GENESIS */
  genesis(): GenesisEntry
  /** Recoveries, none of them looked at: the highest number first, then the smaller id. */
  recoveries(): readonly RecoverEntry[]
  /** The smallest genuine entry in which a device agreed to be of this account. */
  consentOf(device: DeviceId): ReadEntry | undefined
  /** The genuine entries of a device that name `prev` as their predecessor, ordered by id. */
  following(prev: EntryId, author: DeviceId): readonly ChainEntry[]
  /** Whether the signatures of an entry hold. */
  isGenuine(id: EntryId): boolean
  /** One copy of every entry that is not at fault, genuine or not looked at yet; ordered by id. */
  entries(): readonly ReadEntry[]
  /** Takes an entry out for good. */
  drop(id: EntryId, reason: ErrorCode): void
}

/**
 * Forgeries in one merge after which whoever gave the entries cannot be honest: honest devices pass on
 * only what they verified. Bounds what a hostile peer makes us verify to a tenth of a second.
 */
const MAX_FORGERIES = 64

/** A pool of what is known and what is given now. Never throws for bad entries: it notes them. */
export function entryPool(known: KnownEntries, given: GivenEntries): EntryPool {
  const faults = new Map<EntryId, ErrorCode>()
  const copies = new Map<EntryId, ReadEntry[]>()
  for (const entry of given.read) addCopy(copies, entry)
  for (const signed of given.signed) readCopy({ known, copies, faults }, signed)
  const genuine = new Map(known.genuine)
  const faultOf = known.faultOf ?? signatureFault
  let root: Uint8Array | undefined
  let forgeries = 0

  /** The first copy whose signatures hold; an entry none of whose copies does is at fault. */
  const genuineCopy = (id: EntryId): ReadEntry | undefined => {
    if (faults.has(id)) return undefined
    const before = genuine.get(id)
    if (before !== undefined) return before
    let fault: ErrorCode = 'ERR_SIGNATURE'
    for (const copy of copies.get(id) ?? []) {
      const copyFault = faultOf(copy, root)
      if (copyFault === undefined) {
        genuine.set(id, copy)
        return copy
      }
      fault = copyFault
      forgeries += 1
      if (forgeries > MAX_FORGERIES) throw new KithError('ERR_SIGNATURE', 'too many forged entries')
    }
    faults.set(id, fault)
    return undefined
  }

  const claimed = [...copies.values()].flatMap(([copy]) => copy ?? []).sort(byId)
  const genesisIds = claimed.filter(isGenesisEntry).map(({ id }) => id)
  const genesis = genesisIds.map(genuineCopy).find((entry) => entry !== undefined)
  if (genesis !== undefined && isGenesisEntry(genesis)) root = genesis.body.root
  const claimedByPlace = Map.groupBy(claimed.filter(isChainEntry), ({ body }) =>
    placeKey(body.prev, body.author),
  )

  return {
    genuine,
    faults,
    genesis: () => {
      if (genesis !== undefined && isGenesisEntry(genesis)) return genesis
      throw new KithError('ERR_LOG_GENESIS', 'the first entry of this account is missing')
    },
    recoveries: () => claimed.filter(isRecoverEntry).sort(byPrecedence),
    consentOf: (device) =>
      claimed.find(
        ({ id, body }) =>
          'device' in body && body.device === device && genuineCopy(id) !== undefined,
      ),
    following: (prev, author) =>
      (claimedByPlace.get(placeKey(prev, author)) ?? [])
        .map(({ id }) => genuineCopy(id))
        .filter((entry) => entry !== undefined)
        .filter(isChainEntry),
    isGenuine: (id) => genuineCopy(id) !== undefined,
    entries: () =>
      claimed.filter(({ id }) => !faults.has(id)).map((copy) => genuine.get(copy.id) ?? copy),
    drop: (id, reason) => void faults.set(id, reason),
  }
}

function byId(a: ReadEntry, b: ReadEntry): number {
  return a.id < b.id ? -1 : 1
}

/** LOG-13: the highest number, then the smaller hash. */
function byPrecedence(a: RecoverEntry, b: RecoverEntry): number {
  return b.body.number - a.body.number || byId(a, b)
}

interface Intake {
  readonly known: KnownEntries
  readonly copies: Map<EntryId, ReadEntry[]>
  readonly faults: Map<EntryId, ErrorCode>
}

function readCopy({ known, copies, faults }: Intake, signed: SignedEntry): void {
  const id = entryIdOfBody(signed.body)
  try {
    addCopy(copies, known.genuine.get(id) ?? readEntry(known.account, signed))
  } catch (error) {
    if (!isKithError(error)) throw error
    faults.set(id, error.code)
  }
}

function addCopy(copies: Map<EntryId, ReadEntry[]>, entry: ReadEntry): void {
  const others = copies.get(entry.id)
  if (others === undefined) copies.set(entry.id, [entry])
  else if (!others.some((other) => equalSigned(other.signed, entry.signed))) others.push(entry)
}

/** Copies of one entry have one body. */
function equalSigned(a: SignedEntry, b: SignedEntry): boolean {
  const none = new Uint8Array()
  return (
    equalBytes(a.signature, b.signature) &&
    equalBytes(a.countersignature ?? none, b.countersignature ?? none)
  )
}

function placeKey(prev: EntryId, author: DeviceId): string {
  return `${prev} ${author}`
}
