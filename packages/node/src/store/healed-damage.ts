import type { Damage } from './store-types.ts'

/** What is left of `damage` when `healed` is: what was noticed again, or later, stays (STO-53). */
export function withoutHealed(
  damage: readonly Damage[],
  healed: readonly Damage[],
): readonly Damage[] {
  const gone = new Set(healed.map(keyOf))
  return damage.filter((one) => !gone.has(keyOf(one)))
}

function keyOf(damage: Damage): string {
  const { kind, noticedAt } = damage
  return kind === 'table'
    ? [kind, noticedAt, damage.found, damage.expected, damage.table].join(' ')
    : [kind, noticedAt].join(' ')
}
