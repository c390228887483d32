/** Damage of the store, whenever it is noticed: at the opening, by a read, or by the audit behind it. */

import { isKithError } from '@kithmesh/protocol'
import type { EventSource } from '@kithmesh/sync'
import type { NodeEvents } from '../api/events.ts'
import type { StoreDamage } from '../api/store.ts'
import type { DeviceContext } from '../context.ts'
import type { Damage, Store } from '../store/store-types.ts'

/** Begins the audit that waits behind the opening; resolves when it is over. */
export type AuditNow = () => Promise<void>

/**
 * Does what reads the home at its opening. Where a value does not open, nobody has counted yet what else is
 * wrong: that is found out and mended first, and then it is done again (STO-46).
 *
 * @throws ERR_STORE_CORRUPT when that does not help
 */
export async function whole<T>(
  store: Pick<Store, 'damage'>,
  { auditNow, mend }: { readonly auditNow: AuditNow; readonly mend: () => Promise<void> },
  task: () => Promise<T>,
): Promise<T> {
  try {
    return await task()
  } catch (error) {
    if (!isKithError(error, 'ERR_STORE_CORRUPT')) throw error
    await auditNow()
    if (store.damage.length === 0) throw error
    await mend()
    return task()
  }
}

/** Tells of damage that was not told of before, and says whether there was any. */
export type TellDamage = () => boolean

/** Tells in the log and by an event, each damage once a run. */
export function createTellDamage(
  { store, logger }: Pick<DeviceContext, 'store' | 'logger'>,
  events: EventSource<NodeEvents>,
): TellDamage {
  const told = new Set<Damage>()
  return () => {
    const fresh = store.damage.filter((damage) => !told.has(damage))
    if (fresh.length === 0) return false
    for (const damage of fresh) {
      told.add(damage)
      logger.warn('the store lost something', { ...damageForPeople(damage) })
    }
    events.emit('store:damaged', { damage: fresh.map(damageForPeople) })
    return true
  }
}

/** Waits for the audit behind the opening: what it finds is told, and mended. */
export function mendWhenAudited(
  { store, signal }: Pick<DeviceContext, 'store' | 'signal'>,
  { tell, mend }: { readonly tell: TellDamage; readonly mend: () => Promise<void> },
): void {
  void store.audited.then(async () => {
    if (!signal.aborted && tell()) await mend()
  })
}

/** What a status says of the store; nothing when it is whole. */
export function damageNow({ store }: DeviceContext): { readonly damage?: readonly StoreDamage[] } {
  return store.damage.length === 0 ? {} : { damage: store.damage.map(damageForPeople) }
}

function damageForPeople(damage: Damage): StoreDamage {
  const { kind, noticedAt } = damage
  return kind === 'table' ? { kind, table: damage.table, noticedAt } : { kind, noticedAt }
}
