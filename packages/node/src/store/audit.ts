/** The look over a store when it is opened: is everything there that the ledger counts? (STO-30) */

import { type Clock, equalBytes } from '@kithmesh/protocol'
import type { Anchor } from '../platform.ts'
import { type CountParts, createEntryCount, type EntryCount } from './entry-count.ts'
import {
  commitsOfAnchor,
  EMPTY_LEDGER,
  type Ledger,
  ledgerCodec,
  type TableCount,
} from './ledger.ts'
import type { Damage } from './store-types.ts'
import { LEDGER_KEY } from './stored-key.ts'
import { openValue } from './value-seal.ts'

/** What a store is looked over with. */
export interface AuditParts extends CountParts {
  readonly anchor: Anchor
  readonly clock: Clock
}

/** How a store is begun with. */
export type Audit =
  /** Nothing speaks against the ledger; the count that proves it has not begun (STO-46). */
  | { readonly kind: 'trusted'; readonly ledger: Ledger; readonly count: EntryCount }
  /** All was counted; the ledger agrees with the entries now, and may have to be written for that. */
  | { readonly kind: 'counted'; readonly ledger: Ledger; readonly isNew: boolean }

/** How thoroughly: `serve-first` leaves the count for later where nothing speaks against it. */
export type AuditCare = 'serve-first' | 'count-first'

/** Looks at ledger and anchor, and at every entry where these do not agree. */
export async function auditStore(
  parts: AuditParts,
  { care, signal }: { readonly care: AuditCare; readonly signal?: AbortSignal | undefined },
): Promise<Audit> {
  const kept = await readLedger(parts)
  const anchored = await readAnchor(parts)
  const count = createEntryCount(parts)
  const isDoubtful = kept === 'unreadable' || kept.commits === 0 || anchored > kept.commits
  if (care === 'serve-first' && !isDoubtful && parts.backend.isMended !== true) {
    return { kind: 'trusted', ledger: kept, count }
  }
  while (await count.step()) signal?.throwIfAborted()
  return { kind: 'counted', ...agreeing({ kept, tables: count.tables(), anchored }, parts.clock) }
}

/** What a count that went on behind the opening comes to: the ledger, or one that tells the damage. */
export function concludeCount(
  ledger: Ledger,
  count: EntryCount,
  clock: Clock,
): { readonly ledger: Ledger; readonly isNew: boolean } {
  return agreeing({ kept: ledger, tables: count.tables(), anchored: ledger.commits }, clock)
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

interface Findings {
  readonly kept: Ledger | 'unreadable'
  readonly tables: ReadonlyMap<string, TableCount>
  readonly anchored: number
}

/** A ledger that agrees with the entries, and tells what did not. */
function agreeing(
  { kept, tables, anchored }: Findings,
  clock: Clock,
): { readonly ledger: Ledger; readonly isNew: boolean } {
  const found = findDamage({ kept, tables, anchored }, clock)
  if (kept !== 'unreadable' && found.length === 0) return { ledger: kept, isNew: false }
  const before = kept === 'unreadable' ? EMPTY_LEDGER : kept
  const commits = Math.max(before.commits, anchored)
  return { ledger: { commits, tables, damage: merge(before.damage, found) }, isNew: true }
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
