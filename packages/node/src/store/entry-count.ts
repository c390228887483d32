/** Counting every entry of a store while commits go on (STO-30, STO-46). */

import { compareBytes } from '@kithmesh/protocol'
import type { StoreKey } from '../platform.ts'
import type { Backend, ByteEntry } from './backend.ts'
import type { KeyFilter } from './key-filter.ts'
import { countChanges, type EntryChange, entryFingerprint, type TableCount } from './ledger.ts'
import { ALL_ENTRIES, afterKey, tableOfStoredKey } from './stored-key.ts'

/** What a count reads, and by what key it fingerprints. */
export interface CountParts {
  readonly backend: Backend
  readonly storeKey: StoreKey
  /** Hears of every key there is: it is gone through here, and nowhere else. */
  readonly met?: Pick<KeyFilter, 'add' | 'complete'>
}

/** A count that goes through the keys upwards. */
export interface EntryCount {
  /** Counts the next entries; false when there were none left. Never beside a write. */
  step(): Promise<boolean>
  /** What a write did: where it was counted already the count follows, the rest is met later. */
  follow(changes: readonly EntryChange[]): void
  /** The count of each table, whole once `step` said false. */
  tables(): ReadonlyMap<string, TableCount>
}

/** Entries counted in one step: some 2 ms, which a commit may have to wait. */
const STEP_ENTRIES = 256
/** Where entries are counted whose key belongs to no table: a key that lost its beginning. */
const NO_TABLE = 'unknown'

/** A count that has not begun. */
export function createEntryCount({ backend, storeKey, met }: CountParts): EntryCount {
  let tables: ReadonlyMap<string, TableCount> = new Map()
  let range = ALL_ENTRIES
  return {
    step: async () => {
      const page = await backend.page(range, STEP_ENTRIES)
      const end = page.at(-1)
      if (end === undefined) {
        met?.complete()
        return false
      }
      for (const [key] of page) met?.add(key)
      tables = countChanges(tables, await Promise.all(page.map((entry) => came(entry, storeKey))))
      range = { from: afterKey(end[0]) }
      return true
    },
    follow: (changes) => {
      const { from } = range
      const counted = changes.filter(({ key }) => from !== undefined && compareBytes(key, from) < 0)
      tables = countChanges(tables, counted)
    },
    tables: () => tables,
  }
}

async function came(entry: ByteEntry, storeKey: StoreKey): Promise<EntryChange> {
  const table = tableOfStoredKey(entry[0]) ?? NO_TABLE
  return { table, key: entry[0], fingerprint: await entryFingerprint(entry, storeKey), entries: 1 }
}
