/**
 * The entries a log is reduced from. Anyone can claim anything in an entry, and verifying costs
 * milliseconds: so a signature is verified only when the walk reaches the place its entry claims, once,
 * and never again for a later merge (LOG-2).
 */

import { equalBytes } from '../codec/bytes.ts'
import { type ErrorCode, isKithError, KithError } from '../errors.ts'
import type { AccountId, DeviceId, EntryId } from '../ids.ts'
import { type GenesisEntry, type ReadEntry, readEntry, signatureFault } from './log-check.ts'
import { entryIdOfBody, type SignedEntry } from './log-entry.ts'

/** What is known before new entries come. */
export interface KnownEntries {
  readonly account: AccountId
  /** Entries whose signatures are known to hold, by id. Says nothing of which entries are in the log. */
  readonly genuine: ReadonlyMap<EntryId, ReadEntry>
}

/** Entries by id and by the place they claim. */
export interface EntryPool {
  readonly genuine: ReadonlyMap<EntryId, ReadEntry>
  /** Entries that could not be read, are forged or were dropped, and why. */
  readonly faults: ReadonlyMap<EntryId, ErrorCode>
  /** @throws ERR_LOG_GENESIS */
  genesis(): GenesisEntry
  /** The genuine entries of a device that name `prev` as their predecessor, ordered by id. */
  following(prev: EntryId, author: DeviceId): readonly ReadEntry[]
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
export function entryPool(known: KnownEntries, given: readonly SignedEntry[]): EntryPool {
  const faults = new Map<EntryId, ErrorCode>()
  const copies = new Map<EntryId, ReadEntry[]>()
  for (const signed of given) addCopy({ known, copies, faults }, signed)
  const idsByPredecessor = groupByPredecessor(copies)
  const genuine = new Map(known.genuine)
  let forgeries = 0

  /** The first copy whose signatures hold; an entry none of whose copies does is at fault. */
  const genuineCopy = (id: EntryId): ReadEntry | undefined => {
    if (faults.has(id)) return undefined
    const before = genuine.get(id)
    if (before !== undefined) return before
    let fault: ErrorCode = 'ERR_SIGNATURE'
    for (const copy of copies.get(id) ?? []) {
      const copyFault = signatureFault(copy)
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

  return {
    genuine,
    faults,
    genesis: () => {
      for (const [id, [copy]] of copies) {
        const entry = copy?.body.kind === 'genesis' ? genuineCopy(id) : undefined
        if (entry !== undefined && isGenesis(entry)) return entry
      }
      throw new KithError('ERR_LOG_GENESIS', 'the first entry of this account is missing')
    },
    following: (prev, author) =>
      (idsByPredecessor.get(placeKey(prev, author)) ?? [])
        .map(genuineCopy)
        .filter((entry) => entry !== undefined),
    entries: () =>
      [...copies.keys()]
        .filter((id) => !faults.has(id))
        .sort()
        .flatMap((id) => genuine.get(id) ?? copies.get(id)?.[0] ?? []),
    drop: (id, reason) => void faults.set(id, reason),
  }
}

interface Intake {
  readonly known: KnownEntries
  readonly copies: Map<EntryId, ReadEntry[]>
  readonly faults: Map<EntryId, ErrorCode>
}

function addCopy({ known, copies, faults }: Intake, signed: SignedEntry): void {
  const id = entryIdOfBody(signed.body)
  try {
    const entry = known.genuine.get(id) ?? readEntry(known.account, signed)
    const others = copies.get(id)
    if (others === undefined) copies.set(id, [entry])
    else if (!others.some((other) => equalSigned(other.signed, entry.signed))) others.push(entry)
  } catch (error) {
    if (!isKithError(error)) throw error
    faults.set(id, error.code)
  }
}

/** Copies of one entry have one body. */
function equalSigned(a: SignedEntry, b: SignedEntry): boolean {
  const none = new Uint8Array()
  return (
    equalBytes(a.signature, b.signature) &&
    equalBytes(a.countersignature ?? none, b.countersignature ?? none)
  )
}

function groupByPredecessor(
  copies: ReadonlyMap<EntryId, readonly ReadEntry[]>,
): Map<string, EntryId[]> {
  const idsByPredecessor = new Map<string, EntryId[]>()
  for (const id of [...copies.keys()].sort()) {
    const body = copies.get(id)?.[0]?.body
    if (body === undefined || body.kind === 'genesis') continue
    const key = placeKey(body.prev, body.author)
    const others = idsByPredecessor.get(key)
    if (others === undefined) idsByPredecessor.set(key, [id])
    else others.push(id)
  }
  return idsByPredecessor
}

function placeKey(prev: EntryId, author: DeviceId): string {
  return `${prev} ${author}`
}

function isGenesis(entry: ReadEntry): entry is GenesisEntry {
  return entry.body.kind === 'genesis'
}
