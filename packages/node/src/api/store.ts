/** Something that this device's store lost: a table some entries, the last commits, or the count of all. */
export interface StoreDamage {
  readonly kind: 'table' | 'commits' | 'ledger'
  /** Where the kind is `table`. */
  readonly table?: string
  /** ms since 1970 UTC */
  readonly noticedAt: number
}
