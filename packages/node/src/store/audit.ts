/** The look over a store when it is opened: is everything there that the ledger counts? (STO-30) */

import { type Clock, equalBytes } from '@kithmesh/protocol'
import type { Anchor, StoreKey } from '../platform.ts'
import type { Backend, ByteEntry } from './backend.ts'
import {
  commitsOfAnchor,
  countChanges,
  EMPTY_LEDGER,
  entryFingerprint,
  type Ledger,
  ledgerCodec,
  type TableCount,
} from './ledger.ts'
import type { Damage } from './store-types.ts'
import { ALL_ENTRIES, afterKey, LEDGER_KEY, tableOfStoredKey } from './stored-key.ts'
import { openValue } from './value-seal.ts'

/** What a store is looked over with. */
export interface AuditParts {
  readonly backend: Backend
  readonly storeKey: StoreKey
  readonly anchor: Anchor
  readonly clock: Clock
}

/** A ledger that agrees with the entries, and whether it has to be written for that. */
export interface Audit {
  readonly ledger: Ledger
  readonly isNew: boolean
}

/** Entries read at a time: the backend keeps pages of large ones smaller. */
const PAGE_ENTRIES = 1024
/** Where entries are counted whose key belongs to no table: a key that lost its beginning. */
const NO_TABLE = 'unknown'

/** Compares ledger, entries and anchor. */
export async function auditStore(
  parts: AuditParts,
  { signal }: { readonly signal?: AbortSignal | undefined } = {},
): Promise<Audit> {
  const kept = await readLedger(parts)
  const tables = await countEntries(parts, signal)
  const anchored = await readAnchor(parts)
  const found = findDamage({ kept, tables, anchored }, parts.clock)
  if (kept !== 'unreadable' && found.length === 0) return { ledger: kept, isNew: false }
  const before = kept === 'unreadable' ? EMPTY_LEDGER : kept
  const commits = Math.max(before.commits, anchored)
  return { ledger: { commits, tables, damage: merge(before.damage, found) }, isNew: true }
}

async function readLedger({ backend, storeKey }: AuditParts): Promise<Ledger | 'unreadable'> {
  const stored = await backend.get(LEDGER_KEY)
  if (stored === undefined) return EMPTY_LEDGER
  const opened = await openValue(stored, LEDGER_KEY, storeKey)
  return opened === undefined ? 'unreadable' : ledgerCodec.decode(opened.value)
}

async function readAnchor({ anchor, storeKey }: AuditParts): Promise<number> {
  const slots = await anchor.read()
  const commits = await Promise.all(slots.map((bytes) => commitsOfAnchor(bytes, storeKey)))
  return Math.max(0, ...commits.map((count) => count ?? 0))
}

async function countEntries(
  { backend, storeKey }: AuditParts,
  signal: AbortSignal | undefined,
): Promise<ReadonlyMap<string, TableCount>> {
  let tables: ReadonlyMap<string, TableCount> = new Map()
  let range = ALL_ENTRIES
  for (;;) {
    signal?.throwIfAborted()
    const page = await backend.page(range, PAGE_ENTRIES)
    const end = page.at(-1)
    if (end === undefined) return tables
    tables = countChanges(tables, await Promise.all(page.map((entry) => came(entry, storeKey))))
    range = { from: afterKey(end[0]) }
  }
}

async function came(
  entry: ByteEntry,
  storeKey: StoreKey,
): Promise<{ table: string; fingerprint: Uint8Array; entries: 1 }> {
  const table = tableOfStoredKey(entry[0]) ?? NO_TABLE
  return { table, fingerprint: await entryFingerprint(entry, storeKey), entries: 1 }
}

interface Findings {
  readonly kept: Ledger | 'unreadable'
  readonly tables: ReadonlyMap<string, TableCount>
  readonly anchored: number
}

function findDamage({ kept, tables, anchored }: Findings, clock: Clock): readonly Damage[] {
  const noticedAt = clock.now()
  if (kept === 'unreadable' || (kept.commits === 0 && tables.size > 0)) {
    return [{ kind: 'ledger', noticedAt }]
  }
  const names = new Set([...kept.tables.keys(), ...tables.keys()])
  const damaged = [...names].flatMap((table): Damage[] => {
    const [expected, found] = [kept.tables.get(table), tables.get(table)]
    if (sameCount(expected, found)) return []
    return [
      {
        kind: 'table',
        table,
        expected: expected?.entries ?? 0,
        found: found?.entries ?? 0,
        noticedAt,
      },
    ]
  })
  const lost = anchored - kept.commits
  return lost > 0 ? [...damaged, { kind: 'commits', lost, noticedAt }] : damaged
}

function sameCount(a: TableCount | undefined, b: TableCount | undefined): boolean {
  if (a === undefined || b === undefined) return (a?.entries ?? 0) === (b?.entries ?? 0)
  return a.entries === b.entries && equalBytes(a.sum, b.sum)
}

/** One of each kind and table: what was noticed last. */
function merge(before: readonly Damage[], found: readonly Damage[]): readonly Damage[] {
  const keyOf = (damage: Damage): string =>
    damage.kind === 'table' ? `table ${damage.table}` : damage.kind
  return [...new Map([...before, ...found].map((damage) => [keyOf(damage), damage])).values()]
}
