import { type AccountId, type DeviceLogState, type EntryId, isKithError } from '@kithmesh/protocol'
import {
  createEpoch,
  createEpochRing,
  EPOCH_LIFE_MS,
  type Epoch,
  type EpochKey,
  type EpochRing,
  epochDue,
  epochKeysCodec,
  MAX_EPOCH_KEYS_BYTES,
  nextEpoch,
} from '@kithmesh/sync'
import { EPOCHS } from '../account/account.ts'
import type { DeviceLogs } from '../account/device-logs.ts'
import type { DeviceContext } from '../context.ts'
import { codeOf } from '../faults.ts'
import { commitStaged, type Staged } from '../staged.ts'
import { holdsRemovals, leftReason, removalsInEffect } from './removals.ts'

/** What is handed over leaves room for epochs of this device's own making: a ring holds 1,024. */
const MAX_TAKEN = 960
/** The same in bytes: a few epochs that name many removals fill a ring, too. */
const MAX_TAKEN_BYTES: number = (7 / 8) * MAX_EPOCH_KEYS_BYTES
/** How far above ours the number of an epoch handed over may be, as the ring has it. */
const MAX_STEP = 1_024

/** The epochs of an account on this device: which there are, and when a new one is due. */
export interface AccountEpochs {
  readonly ring: EpochRing
  /**
   * What the epochs come to when the log says `state` and a sibling handed over `given`: those that may
   * be taken, and a new one when the current was made without knowledge of somebody who is out
   * (OUT-2, OUT-3). Undefined when nothing changes. `knowsAsMuch`: the giver's log says what ours does.
   */
  stage(
    state: DeviceLogState,
    given?: readonly EpochKey[],
    by?: { readonly knowsAsMuch: boolean },
  ): Promise<Staged | undefined>
  /** To be awaited before something is written: a new epoch when a week is over (OUT-4). */
  renewal(): Promise<void> | undefined
  /** Whether none was kept, so that this device began a new one (OUT-5). */
  readonly begun: boolean
}

/** Opens the epochs a device holds. One that has none, or lost them, begins with a new one (OUT-5). */
export async function openAccountEpochs(
  context: DeviceContext,
  { account, logs }: { readonly account: AccountId; readonly logs: DeviceLogs },
): Promise<AccountEpochs> {
  const { tables, store, clock, rng, device, primitives, logger } = context
  const stored = await tables.device.get(EPOCHS)
  const keys = stored ? epochKeysCodec.decode(stored) : []
  const ring = await createEpochRing(keys.length > 0 ? keys : [firstEpoch()], primitives)
  /** On their way to the disk. */
  const staging = new Set<EpochKey>()
  let renewing: Promise<void> | undefined
  if (keys.length === 0) await store.commit([epochsOp()])

  function firstEpoch(): EpochKey {
    return createEpoch(rng, 1, { at: clock.now() })
  }

  function epochsOp(): ReturnType<typeof tables.device.put> {
    return tables.device.put(EPOCHS, epochKeysCodec.encode([...ring.list(), ...staging]))
  }

  function outOf(state: DeviceLogState): readonly EntryId[] {
    return [...removalsInEffect(state, { now: clock.now() })]
  }

  async function stage(
    state: DeviceLogState,
    given: readonly EpochKey[] = [],
    { knowsAsMuch } = { knowsAsMuch: false },
  ): Promise<Staged | undefined> {
    // Whoever is out neither makes epochs nor is handed any.
    if (leftReason(state, device, { now: clock.now() })) return undefined
    // Of a removal that went with its author no log has anything any more (LOG-5, LOG-13): whoever knows
    // all that the giver does, knows as much about who is out of the epoch.
    const fit = given.filter(({ removals }) => knowsAsMuch || holdsRemovals(state, removals))
    const after = await ringWith(withinRoom(fit))
    await addDue(after, outOf(state))
    return stagedFrom(after)
  }

  /** The ring as it will be. */
  function ringWith(taken: readonly EpochKey[]): Promise<EpochRing> {
    return createEpochRing([...ring.list(), ...staging, ...taken], primitives)
  }

  /** One names 64 removals at most: of more, the next one names the rest (ALOG-16). */
  async function addDue(after: EpochRing, out: readonly EntryId[]): Promise<void> {
    while (epochDue(after, { out, now: clock.now() }) === 'removal') {
      if (!(await addNext(after, out))) return
    }
  }

  /**
   * Says whether there was room. Whoever fills a ring must neither keep itself in nor keep others from
   * writing: the removal counts, and its epoch follows when room was made (OUT-2).
   */
  async function addNext(after: EpochRing, out: readonly EntryId[]): Promise<boolean> {
    try {
      await after.add(nextEpoch(after, { out, at: clock.now() }, rng))
      return true
    } catch (error) {
      if (!isKithError(error, 'ERR_TOO_LARGE')) throw error
      logger.warn('a new epoch has no room here', { code: error.code })
      return false
    }
  }

  /** Those that leave room for our own, also when many come at once. */
  function withinRoom(given: readonly EpochKey[]): readonly EpochKey[] {
    const held = [...ring.list(), ...staging]
    const highest = ring.current().number + MAX_STEP
    let count = held.length
    let bytes = epochKeysCodec.encode(held).length
    return given.filter((epoch) => {
      if (epoch.number > highest) return false
      count += 1
      bytes += epochKeysCodec.encode([epoch]).length
      return count <= MAX_TAKEN && bytes <= MAX_TAKEN_BYTES
    })
  }

  function stagedFrom(after: EpochRing): Staged | undefined {
    const fresh = after.list().filter(({ id }) => !ring.get(id))
    if (fresh.length === 0) return undefined
    for (const epoch of fresh) staging.add(epoch)
    const forget = (): void => {
      for (const epoch of fresh) staging.delete(epoch)
    }
    return {
      ops: () => [epochsOp()],
      publish: () => {
        forget()
        for (const epoch of fresh) adopt(epoch)
      },
      discard: forget,
    }
  }

  /** At once: the very next record is sealed under it. */
  function adopt(epoch: Epoch): void {
    try {
      ring.adopt(epoch)
    } catch (error) {
      logger.warn('an epoch has no room here', { code: codeOf(error) })
    }
  }

  function renewal(): Promise<void> | undefined {
    const state = logs.get(account)
    if (renewing || !state) return renewing
    const now = clock.now()
    // What a removal asks for was done with the removal: here only the week counts.
    if (now - ring.current().at < EPOCH_LIFE_MS) return undefined
    if (leftReason(state, device, { now })) return undefined
    renewing = renew(state).finally(() => {
      renewing = undefined
    })
    return renewing
  }

  async function renew(state: DeviceLogState): Promise<void> {
    const after = await ringWith([])
    if (!(await addNext(after, outOf(state)))) return
    const staged = stagedFrom(after)
    if (staged) await commitStaged(store, [staged])
  }

  return { ring, stage, renewal, begun: keys.length === 0 }
}
