/**
 * The store's own count of itself (STO-30): how many commits were made, and for each table how many
 * entries it has and the sum of their fingerprints. Every commit writes it in the same batch, so
 * whatever vanishes, changes or comes back makes the count and the entries disagree.
 */

import {
  bytes,
  type Codec,
  codec,
  domainBytes,
  equalSecrets,
  joinBytes,
  list,
  type MaybePromise,
  record,
  text,
  uint,
  variants,
} from '@kithmesh/protocol'
import type { StoreKey } from '../platform.ts'
import type { ByteEntry } from './backend.ts'
import { withScratch } from './ready.ts'
import type { Damage } from './store-types.ts'

/** Count and sum of a table's entries. */
export interface TableCount {
  readonly entries: number
  /** XOR of the entries' fingerprints: adding and taking away are the same step. */
  readonly sum: Uint8Array
}

/** What the store knows of itself. */
export interface Ledger {
  /** Number of the last commit. */
  readonly commits: number
  readonly tables: ReadonlyMap<string, TableCount>
  readonly damage: readonly Damage[]
}

/** An entry that came or went. */
export interface EntryChange {
  readonly table: string
  /** The bytes it stands under. */
  readonly key: Uint8Array
  readonly fingerprint: Uint8Array
  readonly entries: 1 | -1
}

/** XOR of 128-bit MACs: an accident does not keep the sum; STO-33 says what a deliberate hand could. */
const SUM_BYTES = 16
/** More tables than the device has, by far. */
const MAX_TABLES = 256
const MAX_TABLE_NAME = 32
const NUMBER = uint({ max: Number.MAX_SAFE_INTEGER })
const NAME = text({ max: MAX_TABLE_NAME })

/** A ledger nothing was written in. */
export const EMPTY_LEDGER: Ledger = { commits: 0, tables: new Map(), damage: [] }

const shape = record({
  commits: NUMBER,
  tables: list(record({ name: NAME, entries: NUMBER, sum: bytes({ length: SUM_BYTES }) }), {
    max: MAX_TABLES,
  }),
  damage: list(
    variants('kind', {
      table: record({ table: NAME, expected: NUMBER, found: NUMBER, noticedAt: NUMBER }),
      commits: record({ lost: NUMBER, noticedAt: NUMBER }),
      ledger: record({ noticedAt: NUMBER }),
    }),
    { max: MAX_TABLES + 2 },
  ),
})

const wholeCodec = codec(shape, { maxBytes: 64 * 1024 })

/** A ledger's way to bytes and back. */
export const ledgerCodec: Codec<Ledger> = {
  encode: ({ commits, tables, damage }) =>
    wholeCodec.encode({
      commits,
      tables: [...tables].map(([name, count]) => ({ name, ...count })),
      damage,
    }),
  decode: (encoded) => {
    const { commits, tables, damage } = wholeCodec.decode(encoded)
    const counts = tables.map(({ name, entries, sum }) => [name, { entries, sum }] as const)
    return { commits, tables: new Map(counts), damage }
  },
}

/** The fingerprint of an entry as it stands on disk, its key and every bit of its value; 16 bytes of it count. */
export function entryFingerprint(
  [key, value]: ByteEntry,
  storeKey: StoreKey,
): MaybePromise<Uint8Array> {
  const keyAt = FINGERPRINT.length + KEY_LENGTH_BYTES
  return withScratch(keyAt + key.length + value.length, (scratch) => {
    scratch.set(FINGERPRINT)
    scratch[keyAt - 4] = key.length >>> 24
    scratch[keyAt - 3] = key.length >>> 16
    scratch[keyAt - 2] = key.length >>> 8
    scratch[keyAt - 1] = key.length
    scratch.set(key, keyAt)
    scratch.set(value, keyAt + key.length)
    return storeKey.mac(scratch)
  })
}

const FINGERPRINT = domainBytes('store fingerprint')
const KEY_LENGTH_BYTES = 4

/** The counts after entries came and went. */
export function countChanges(
  tables: ReadonlyMap<string, TableCount>,
  changes: readonly EntryChange[],
): ReadonlyMap<string, TableCount> {
  const counted = new Map(tables)
  /** Sums that are ours to change: the ones of `tables` stay as they are. */
  const sums = new Map<string, Uint8Array>()
  for (const { table, fingerprint, entries } of changes) {
    const before = counted.get(table)
    const sum = sums.get(table) ?? before?.sum.slice() ?? new Uint8Array(SUM_BYTES)
    sums.set(table, sum)
    addInto(sum, fingerprint)
    counted.set(table, { entries: (before?.entries ?? 0) + entries, sum })
  }
  return counted
}

function addInto(sum: Uint8Array, fingerprint: Uint8Array): void {
  for (let at = 0; at < SUM_BYTES; at++) sum[at] = (sum[at] ?? 0) ^ (fingerprint[at] ?? 0)
}

/** Length of {@link anchorBytes}. */
export const ANCHOR_BYTES: number = 8 + SUM_BYTES

/** What the anchor holds: the number of the last commit, and a MAC over it. */
export async function anchorBytes(commits: number, storeKey: StoreKey): Promise<Uint8Array> {
  const count = new Uint8Array(8)
  new DataView(count.buffer).setBigUint64(0, BigInt(commits))
  const mac = await storeKey.mac(domainBytes('store anchor', ANCHOR, count))
  return joinBytes(count, mac.slice(0, SUM_BYTES))
}

/** The commit an anchor names; undefined when it is not one of this store. */
export async function commitsOfAnchor(
  anchor: Uint8Array,
  storeKey: StoreKey,
): Promise<number | undefined> {
  if (anchor.length !== ANCHOR_BYTES) return undefined
  const count = new DataView(anchor.buffer, anchor.byteOffset).getBigUint64(0)
  const commits = Number(count)
  if (!Number.isSafeInteger(commits)) return undefined
  return equalSecrets(await anchorBytes(commits, storeKey), anchor) ? commits : undefined
}

/** No table's bytes begin so (stored keys begin with 0 or 1). */
const ANCHOR = Uint8Array.of(0xff)
