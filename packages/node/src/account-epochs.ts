import type { AccountId, DeviceLogState, EntryId } from '@kithmesh/protocol'
import {
  createEpoch,
  createEpochRing,
  EPOCH_LIFE_MS,
  type Epoch,
  type EpochKey,
  type EpochRing,
  epochDue,
  epochKeysCodec,
  nextEpoch,
} from '@kithmesh/sync'
import { EPOCHS } from './account.ts'
import type { DeviceContext } from './context.ts'
import type { DeviceLogs } from './device-logs.ts'
import { codeOf } from './faults.ts'
import { holdsRemovals, leftReason, removalsInEffect } from './removals.ts'
import { commitStaged, type Staged } from './staged.ts'

/** Epochs of this device's own making always have room: a ring holds 1,024. */
const MAX_TAKEN = 960
/** How far above ours the number of an epoch handed over may be, as the ring has it. */
const MAX_STEP = 1_024

/** The epochs of an account on this device: which there are, and when a new one is due. */
export interface AccountEpochs {
  readonly ring: EpochRing
  /**
   * What the epochs come to when the log says `state` and a sibling handed over `given`: those that may
   * be taken, and a new one when the current was made without knowledge of somebody who is out
   * (OUT-2, OUT-3). Undefined when nothing changes.
   */
  stage(state: DeviceLogState, given?: readonly EpochKey[]): Promise<Staged | undefined>
  /** To be awaited before something is written: a new epoch when a week is over (OUT-4). */
  renewal(): Promise<void> | undefined
  /** Resolves when a device that had lost its epochs got some: what is stored can be read now (OUT-5). */
  readonly healed: Promise<void>
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
  const healing = Promise.withResolvers<void>()
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
  ): Promise<Staged | undefined> {
    // Whoever is out neither makes epochs nor is handed any.
    if (leftReason(state, device, { now: clock.now() })) return undefined
    const after = await ringWith(given.filter((epoch) => mayTake(state, epoch)))
    const out = outOf(state)
    // One names 64 removals at most: of more, the next one names the rest (ALOG-16).
    while (epochDue(after, { out, now: clock.now() }) === 'removal') {
      await after.add(nextEpoch(after, { out, at: clock.now() }, rng))
    }
    const staged = stagedFrom(after)
    const gotSome = keys.length === 0 && given.length > 0
    return staged && gotSome ? { ...staged, publish: () => healWith(staged) } : staged
  }

  function healWith({ publish }: Staged): void {
    publish?.()
    healing.resolve()
  }

  /** The ring as it will be. */
  function ringWith(taken: readonly EpochKey[]): Promise<EpochRing> {
    return createEpochRing([...ring.list(), ...staging, ...taken], primitives)
  }

  /** Whoever has the key of an epoch knows who is out of it (OUT-3). */
  function mayTake(state: DeviceLogState, { number, removals }: EpochKey): boolean {
    const hasRoom = ring.list().length < MAX_TAKEN && number <= ring.current().number + MAX_STEP
    return hasRoom && holdsRemovals(state, removals)
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
    await after.add(nextEpoch(after, { out: outOf(state), at: clock.now() }, rng))
    const staged = stagedFrom(after)
    if (staged) await commitStaged(store, [staged])
  }

  return { ring, stage, renewal, healed: healing.promise }
}
