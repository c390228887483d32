/** What does not open any more, found so that it can go (STO-48). */

import type { StoreKey } from '../platform.ts'
import type { Backend, ByteEntry } from './backend.ts'
import type { Damage, Op } from './store-types.ts'
import { ALL_ENTRIES, afterKey, tableOfStoredKey } from './stored-key.ts'
import { dropOp } from './table.ts'
import { openValue } from './value-seal.ts'

/** What is looked through, and by what key it opens. */
export interface SweepParts {
  readonly backend: Backend
  readonly storeKey: StoreKey
}

const PAGE_ENTRIES = 256
/** For entries of no table: the name only says whose count a change belongs to. */
const NO_TABLE = 'unknown'

/** The deletions of all that does not open where `damage` says that something is wrong. */
export async function findUnreadable(
  { backend, storeKey }: SweepParts,
  damage: readonly Damage[],
): Promise<readonly Op[]> {
  const isSuspect = suspects(damage)
  const drops: Op[] = []
  let range = ALL_ENTRIES
  for (;;) {
    const page = await backend.page(range, PAGE_ENTRIES)
    const end = page.at(-1)
    if (end === undefined) return drops
    for (const entry of page) {
      const table = tableOfStoredKey(entry[0]) ?? NO_TABLE
      if (isSuspect(table) && !(await opens(entry, storeKey))) drops.push(dropOp(table, entry[0]))
    }
    range = { from: afterKey(end[0]) }
  }
}

/** Where the count itself is gone, everything is. */
function suspects(damage: readonly Damage[]): (table: string) => boolean {
  const tables = new Set(damage.map((one) => (one.kind === 'table' ? one.table : '')))
  const isAll = damage.some(({ kind }) => kind === 'ledger')
  return (table) => isAll || tables.has(table)
}

async function opens([key, value]: ByteEntry, storeKey: StoreKey): Promise<boolean> {
  return (await openValue(value, key, storeKey)) !== undefined
}
