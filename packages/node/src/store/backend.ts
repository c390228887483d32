/** The bytes below the store: one ordered map, written in synchronous batches. */

/** Keys from `from` on and below `to`; everything when left out. */
export interface ByteRange {
  readonly from?: Uint8Array
  readonly to?: Uint8Array
  readonly reverse?: boolean
}

/** One stored key and its bytes. */
export type ByteEntry = readonly [key: Uint8Array, value: Uint8Array]

/** One change of a batch; without a value it deletes. */
export interface ByteWrite {
  readonly key: Uint8Array
  readonly value?: Uint8Array
}

/** What {@link openStore} stands on; classic-level, browser-level and memory implement it. */
export interface Backend {
  get(key: Uint8Array): Promise<Uint8Array | undefined>
  getMany(keys: readonly Uint8Array[]): Promise<readonly (Uint8Array | undefined)[]>
  /** At most `limit` entries, fewer when they are large, none only at the end of the range. */
  page(range: ByteRange, limit: number): Promise<readonly ByteEntry[]>
  /** The keys of at most `limit` entries, none only at the end of the range; no value is read. */
  keys(range: ByteRange, limit: number): Promise<readonly Uint8Array[]>
  /** All or nothing; on the disk, past every cache, when it resolves. */
  write(batch: readonly ByteWrite[]): Promise<void>
  /** Whether the disk takes a batch again after one failed, tried beside the store. */
  isWritable(): Promise<boolean>
  /** Rewrites what is kept so that deleted values leave the disk. */
  compact(): Promise<void>
  close(): Promise<void>
  /** Something may be missing since it was opened: what, has to be known before it serves (STO-46). */
  readonly isMended?: boolean
}
