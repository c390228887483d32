/** What the rest of the device sees of its store. */

import type { Codec } from '@kithmesh/protocol'
import type { KeyCodec, KeyPrefix, KeySegment } from './key-codec.ts'

/** A change described, not made: {@link Store.commit} makes it. */
export interface Op {
  readonly table: string
  readonly target: OpTarget
  /** Left out, the entry is deleted. */
  readonly value?: Uint8Array
}

/** Which entry an {@link Op} is about: by its key, or by the bytes a damaged one stands under. */
export type OpTarget =
  | { readonly kind: 'key'; readonly segments: readonly KeySegment[] }
  | { readonly kind: 'stored'; readonly storedKey: Uint8Array }

/** Which entries of a table, in the order of their keys. */
export interface Range<K> {
  readonly gt?: K
  readonly gte?: K
  readonly lt?: K
  readonly lte?: K
  /** Only keys that begin so. */
  readonly prefix?: KeyPrefix<K>
  /** Last one first. */
  readonly reverse?: boolean
  readonly limit?: number
}

/** A stored value that does not open: its bytes, or those of its key, are not what was written. */
export interface CorruptEntry {
  readonly table: string
  /** Deletes it, so that it is not met again. */
  readonly drop: Op
}

/** How entries are read. */
export interface ReadOptions {
  readonly signal?: AbortSignal
  /** Told of each value that does not open; such a value is then left out. */
  readonly onCorrupt?: (entry: CorruptEntry) => void
}

/** Values of one type by keys of one type. */
export interface Table<K, V> {
  readonly name: string
  /** @throws ERR_STORE_CORRUPT, ERR_STORE_READ, ERR_STORE_CLOSED */
  get(key: K, options?: { readonly signal?: AbortSignal }): Promise<V | undefined>
  /** The values of several keys, in their order, in one reading. @throws as {@link Table.get} */
  getMany(
    keys: readonly K[],
    options?: { readonly signal?: AbortSignal },
  ): Promise<readonly (V | undefined)[]>
  /**
   * Keys without their values, in their order: only the first of each hidden part (STO-23) is read whole, so
   * it is for keys that share them. It tells what stands there, not whether it opens (STO-47).
   *
   * @throws ERR_STORE_READ, ERR_STORE_CLOSED
   */
  keys(range?: Range<K>, options?: { readonly signal?: AbortSignal }): AsyncIterable<K>
  /**
   * In the order of the keys, each key once. Read in pages: commits made meanwhile are seen or not,
   * each key for itself. @throws ERR_STORE_READ, ERR_STORE_CLOSED
   */
  entries(range?: Range<K>, options?: ReadOptions): AsyncIterable<readonly [K, V]>
  /** @throws ERR_MALFORMED, ERR_TOO_LARGE when the value or the key is not of its codec */
  put(key: K, value: V): Op
  delete(key: K): Op
}

/** What was found missing or changed (STO-30 … STO-34). */
export type Damage =
  /** Entries of a table are gone, changed or came back: `expected` were counted, `found` are there. */
  | {
      readonly kind: 'table'
      readonly table: string
      readonly expected: number
      readonly found: number
      readonly noticedAt: number
    }
  /** The last commits are gone, with all they wrote. */
  | { readonly kind: 'commits'; readonly lost: number; readonly noticedAt: number }
  /** The count itself is gone, so nothing is known of what else is. */
  | { readonly kind: 'ledger'; readonly noticedAt: number }

/** Everything a device keeps. Made by {@link openStore}. */
export interface Store extends AsyncDisposable {
  /** A table of this store; the same name always with the same codecs. */
  table<K, V>(
    name: string,
    codecs: { readonly key: KeyCodec<K>; readonly value: Codec<V> },
  ): Table<K, V>
  /**
   * Makes the changes: all of them or none, after every commit called earlier, and on the disk when
   * it resolves. Commits made at the same time share one write. A signal cancels it only while it
   * waits for its turn. @throws ERR_STORE_WRITE, ERR_STORE_CLOSED
   */
  commit(ops: readonly Op[], options?: { readonly signal?: AbortSignal }): Promise<void>
  /** Found when the store was opened or behind that, now or earlier, until {@link Store.forgetDamage}. */
  readonly damage: readonly Damage[]
  /** How many commits there were, also those that were lost, as far as the anchor knows (STO-31). */
  readonly commits: number
  /** How many entries a table has, by the count of the store. */
  countOf(table: string): Promise<number>
  /** Resolves when every entry was counted, or the store closed before: more damage is not found (STO-46). */
  readonly audited: Promise<void>
  /**
   * Deletes what does not open in the tables that lost something, so that it is missing and not in the way
   * (STO-48). @throws ERR_STORE_WRITE, ERR_STORE_CLOSED
   */
  sweep(): Promise<void>
  /** Call it once all that `healed` says was fetched again: what was noticed since then is kept. Default: all. */
  forgetDamage(healed?: readonly Damage[]): Promise<void>
  /** Takes deleted values off the disk, where until then they stay, sealed. */
  compact(): Promise<void>
  /** Waits for the commits under way, then lets the home go. */
  close(): Promise<void>
}
