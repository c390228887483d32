/** How a device whose store lost something becomes whole again: from its own log, then from siblings. */

import { type AccountId, type DeviceId, messageIdOf } from '@kithmesh/protocol'
import type { EventSource } from '@kithmesh/sync'
import type { AccountState } from '../account/account-state.ts'
import type { DeviceLogs } from '../account/device-logs.ts'
import type { MessageRecord } from '../account/log-contents.ts'
import type { NodeEvents } from '../api/events.ts'
import type { DeviceContext } from '../context.ts'
import { codeOf } from '../faults.ts'
import type { Staged } from '../staged.ts'
import type { Damage } from '../store/store-types.ts'
import type { ClosedRecords } from './closed-records.ts'
import { mayHaveLost } from './losses.ts'
import { messageRecords, replayRecords } from './replay.ts'

/** What healing works with. */
export interface HealingParts {
  readonly account: AccountId
  readonly state: AccountState
  readonly logs: Pick<DeviceLogs, 'devicesOf'>
  readonly closed: ClosedRecords
  /** Stages what of a record is not here, and tells nobody: it was shown when it first came. */
  readonly takeIn: (record: MessageRecord) => Promise<readonly Staged[]>
  /** Called when all that was lost is here again, as far as somebody has it. */
  readonly mended: () => Promise<void>
  readonly events: EventSource<NodeEvents>
}

/**
 * Starts to heal what the store says is damaged. What records are missing comes by the account log itself, since
 * they are not held any more; here their effects are made good, and the damage is forgotten when enough
 * siblings gave what they have (STO-49, STO-53).
 */
export function startHealing(context: DeviceContext, parts: HealingParts): void {
  const { store, signal, logger } = context
  if (store.damage.length === 0) return
  const { exchanges, log } = parts.state
  const heard = new Set<DeviceId>()
  const replay = (): Promise<boolean> => replayRecords({ store, log, takeIn: parts.takeIn, signal })
  let replayed = replay()
  replayed.catch(warn)
  let isHealing = false

  exchanges.events.addEventListener(
    'sibling:caught-up',
    ({ detail: { sibling } }) => {
      heard.add(sibling)
      heal().catch(warn)
    },
    { signal },
  )

  async function heal(): Promise<void> {
    if (isHealing) return
    isHealing = true
    try {
      await healOnce(store.damage)
    } finally {
      isHealing = false
    }
  }

  async function healOnce(damage: readonly Damage[]): Promise<void> {
    if (damage.length === 0 || !(await areOpen())) return
    if (!(await replayed.catch(() => false))) replayed = replay()
    // Until the epochs are here the contents under them are not (STO-49).
    if (!(await replayed) || !(await isEnough(damage))) return
    await recordAgain(context, parts.state)
    await parts.mended()
    // What is noticed meanwhile is another matter, for the run that begins with it.
    if (signal.aborted) return
    await store.forgetDamage(damage)
    parts.events.emit('store:healed', {})
  }

  /** Records whose epoch is lost are waited for; own ones that no sibling can open are lost, too (STO-54). */
  async function areOpen(): Promise<boolean> {
    const closed = await parts.closed.places()
    if (closed.length === 0) return true
    if (!isEverybodyHeard() || closed.some(({ device }) => device !== context.device)) return false
    await log.prune({ drop: closed }, { signal })
    return true
  }

  function isEverybodyHeard(): boolean {
    const others = parts.logs.devicesOf(parts.account).filter((device) => device !== context.device)
    return others.every((device) => heard.has(device))
  }

  /** One sibling is, when it brought as much as there was; else all of them, who can have no more. */
  async function isEnough(damages: readonly Damage[]): Promise<boolean> {
    if (isEverybodyHeard()) return true
    for (const damage of damages) {
      if (damage.kind !== 'table' || !FETCHED.has(damage.table)) continue
      if ((await store.countOf(damage.table)) < damage.expected) return false
    }
    return true
  }

  function warn(error: unknown): void {
    if (!signal.aborted) logger.warn('the store is not healed yet', { code: codeOf(error) })
  }
}

/** Tables whose entries come from siblings, and are as many afterwards as before. */
const FETCHED: ReadonlySet<string> = new Set(['records', 'contents'])

/** Contents whose record was lost before a sibling had it get another one: else no sibling ever hears of them. */
async function recordAgain(context: DeviceContext, state: AccountState): Promise<void> {
  const { store, tables } = context
  if (!mayHaveLost(store.damage, tables.records.name)) return
  const recorded = new Set<string>()
  for await (const record of messageRecords(state.log)) {
    if (record.kind === 'content') recorded.add(messageIdOf(record.content))
  }
  for await (const [[, , message], content] of tables.contents.entries()) {
    if (!recorded.has(message)) await state.record([{ kind: 'content', content }], [])
  }
}
