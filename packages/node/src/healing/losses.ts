import type { Damage } from '../store/store-types.ts'

/** Whether a table may have lost entries, or hold older ones: when it is named, or nobody knows which do. */
export function mayHaveLost(damage: readonly Damage[], table: string): boolean {
  return damage.some((one) => one.kind !== 'table' || one.table === table)
}
