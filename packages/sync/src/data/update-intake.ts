import { type Clock, equalBytes } from '@kithmesh/protocol'
import * as Y from 'yjs'
import { type FieldList, MAX_ENTRIES, MAX_WRITERS } from './field-list.ts'
import { createHeldUpdates, firstMissing, type HeldUpdate, type StateOf } from './held-updates.ts'
import { createTrial } from './trial.ts'
import { type CheckedUpdate, checkUpdate, MAX_CLIENT } from './update-check.ts'
import type { UpdateOutcome } from './update-outcome.ts'
import { nameRoots } from './writer-root.ts'
import { createWriterShares, type WriterShares } from './writer-shares.ts'

/** What is known of an update besides its bytes. */
export interface UpdateOptions {
  /** `update`: one edit or batch, ≤ 256 KiB. `snapshot`: the whole state of a sibling, ≤ 16 MiB. */
  readonly kind?: 'update' | 'snapshot'
  /**
   * Whose log it came from: what waits, and the writers it may bring, are bounded for each source by itself. Without
   * one it is this device's own word.
   */
  readonly source?: string
  /** It stood on this device's disk: it was tried and counted when it came, or this device wrote it. */
  readonly kept?: boolean
  /** Called when an update that was held is applied, refused or dropped. */
  readonly onSettled?: (outcome: UpdateOutcome) => void
}

/** Where foreign updates come in: check, hold back or try, apply. */
export interface UpdateIntake {
  apply(update: Uint8Array, options?: UpdateOptions): UpdateOutcome
  drop(source: string): void
  heldCount(): number
  /** How many writers each source has brought (ACC-30). */
  readonly shares: WriterShares
}

/** Largest update: what fits a record of the account log. */
const MAX_UPDATE_BYTES = 2 ** 18
/**
 * Largest snapshot: 50 × the largest account measured (1,000 contacts and 5,000 stars are 0.3
 * MB).
 */
export const MAX_SNAPSHOT_BYTES: number = 2 ** 24
/** The intake of `doc`; the views must be open already. */
export function createUpdateIntake(
  doc: Y.Doc,
  fields: Pick<FieldList, 'entryCount'>,
  clock?: Pick<Clock, 'monotonic'>,
): UpdateIntake {
  const trial = createTrial(doc, clock)
  const held = createHeldUpdates()
  const shares = createWriterShares()
  const stateOf: StateOf = (client) => Y.getState(doc.store, client)
  doc.on('update', (update: Uint8Array, _origin: unknown, _doc: Y.Doc, by: Y.Transaction) => {
    if (by.local) trial.follow(update)
  })

  const isOverfull = (update: CheckedUpdate): boolean => {
    const [entries, writers] = [newEntries(update, stateOf), newWriters(update, stateOf)]
    // What only takes away is always taken, or a full account could never be emptied.
    if (entries > 0 && fields.entryCount() + entries > MAX_ENTRIES) return true
    return writers > 0 && doc.store.clients.size + writers > MAX_WRITERS
  }
  const tryAndApply = (update: CheckedUpdate, { source, kept }: Origin): UpdateOutcome => {
    if (isOverfull(update)) return { kind: 'refused', code: 'ERR_UPDATE_FULL' }
    const writers = newWriters(update, stateOf)
    if (!shares.hasRoom(source, writers)) return { kind: 'refused', code: 'ERR_UPDATE_WRITERS' }
    const code = kept ? trial.skip() : trial.refusal(update)
    if (code !== undefined) return { kind: 'refused', code }
    if (writesAs(doc, update)) doc.clientID = unusedClientId(doc)
    nameRoots(doc, clientsOf(update))
    Y.applyUpdate(doc, update.bytes)
    shares.add(source, writers)
    return { kind: 'applied' }
  }
  /** Applies an update, then whatever waited for it, then what waited for that. */
  const applyInOrder = (first: CheckedUpdate, origin: Origin): Settled => {
    const outcome = tryAndApply(first, origin)
    const others: { held: HeldUpdate; outcome: UpdateOutcome }[] = []
    const ready = outcome.kind === 'applied' ? [...held.takeReady(clientsOf(first), stateOf)] : []
    for (let next = ready.pop(); next !== undefined; next = ready.pop()) {
      const settled = tryAndApply(next.update, { source: next.source || undefined })
      others.push({ held: next, outcome: settled })
      if (settled.kind === 'applied') ready.push(...held.takeReady(clientsOf(next.update), stateOf))
    }
    return { outcome, others }
  }
  const hold = (update: CheckedUpdate, options: UpdateOptions): UpdateOutcome => {
    const { source = '', onSettled: settled = () => {} } = options
    const hasRoom = held.hold({ update, source, settled }, stateOf)
    return hasRoom ? { kind: 'held' } : { kind: 'refused', code: 'ERR_UPDATE_HELD_LIMIT' }
  }
  return {
    heldCount: () => held.size,
    shares,
    drop: held.drop,
    apply: (bytes, options = {}) => {
      if (options.kind === 'snapshot' && isStateOf(doc, bytes)) return { kind: 'applied' }
      const maxBytes = options.kind === 'snapshot' ? MAX_SNAPSHOT_BYTES : MAX_UPDATE_BYTES
      const update = checkUpdate(bytes, maxBytes)
      if (update.kind === 'refused') return update
      if (firstMissing(update.needs, stateOf) !== undefined) return hold(update, options)
      // One transaction for all: observers run once for ten thousand records that were waiting.
      const { outcome, others } = doc.transact(() => applyInOrder(update, originOf(doc, options)))
      for (const other of others) other.held.settled(other.outcome)
      return outcome
    },
  }
}

/** Whose word an update is, as far as that limits it. */
interface Origin {
  readonly source?: string | undefined
  readonly kept?: boolean | undefined
}

/**
 * Nobody's share is asked for what was kept here, and not for the first snapshot of all: who holds nothing has
 * nobody else to ask.
 */
function originOf(doc: Y.Doc, { kind, source, kept }: UpdateOptions): Origin {
  if (kept) return { kept }
  const isFirst = kind === 'snapshot' && doc.store.clients.size === 0
  return isFirst ? {} : { source }
}

interface Settled {
  readonly outcome: UpdateOutcome
  readonly others: readonly { readonly held: HeldUpdate; readonly outcome: UpdateOutcome }[]
}

/**
 * What the snapshot of a sibling says as a rule, when all it holds came before it: it need not be decoded, tried
 * and applied to change nothing.
 */
function isStateOf(doc: Y.Doc, snapshot: Uint8Array): boolean {
  return equalBytes(snapshot, Y.encodeStateAsUpdate(doc))
}

/** Clients whose state an update moves on. */
function clientsOf({ structs }: CheckedUpdate): ReadonlySet<number> {
  return new Set(structs.map(({ id }) => id.client))
}

/** Whether somebody wrote more under this document's client id than it did itself. */
function writesAs(doc: Y.Doc, { structs }: CheckedUpdate): boolean {
  const written = Y.getState(doc.store, doc.clientID)
  return structs.some(({ id, length }) => id.client === doc.clientID && id.clock + length > written)
}

/** Two writers under one id would overwrite each other; whoever notices moves on (ACC-3). */
function unusedClientId(doc: Y.Doc): number {
  let client = doc.clientID
  while (Y.getState(doc.store, client) > 0 || client === doc.clientID)
    client = (client + 1) % MAX_CLIENT
  return client
}

/** Entries an update may add. */
function newEntries({ structs }: CheckedUpdate, stateOf: StateOf): number {
  return structs
    .filter(({ content }) => content instanceof Y.ContentAny)
    .map(({ id, length }) => Math.min(length, id.clock + length - stateOf(id.client)))
    .filter((count) => count > 0)
    .reduce((sum, count) => sum + count, 0)
}

function newWriters(update: CheckedUpdate, stateOf: StateOf): number {
  return [...clientsOf(update)].filter((client) => stateOf(client) === 0).length
}
