import type { LogPosition } from '@kithmesh/sync'
import type { Op, Store } from './store/store-types.ts'

/**
 * Something decided but not yet durable: what to write, and what becomes visible once it is written.
 * Every change of the device goes this way, so that nobody is told of what a crash could take back
 * (NODE-1).
 */
export interface Staged {
  /**
   * Asked once, when the batch is handed to the store: what several changes share (a session, the
   * state of a chat) is written as it is then, so that no batch brings back an older one. `at`: the place
   * in the account log of the record of this device in whose batch it is written, when there is one.
   */
  ops(at?: LogPosition): readonly Op[]
  /** Makes the change visible: memory, then events. Called once, after the disk. */
  publish?(): void
  /**
   * It is not written: takes back what staging assumed, so that the next attempt starts from the disk. May be
   * called twice.
   */
  discard?(): void
}

/** Writes everything in one batch and then makes it visible, in order. @throws ERR_STORE_WRITE */
export async function commitStaged(
  store: Pick<Store, 'commit'>,
  staged: readonly Staged[],
  at?: LogPosition,
): Promise<void> {
  try {
    const ops = staged.flatMap((one) => one.ops(at))
    if (ops.length > 0) await store.commit(ops)
  } catch (error) {
    for (const one of staged) one.discard?.()
    throw error
  }
  for (const one of staged) one.publish?.()
}

/**
 * What `collect` stages for one batch. When it fails half-way, what it had staged is taken back: else it would
 * count as on its way to the disk for ever.
 */
export async function collectStaged(
  collect: (staged: Staged[]) => Promise<void>,
): Promise<readonly Staged[]> {
  const staged: Staged[] = []
  try {
    await collect(staged)
    return staged
  } catch (error) {
    for (const one of staged) one.discard?.()
    throw error
  }
}

/** A change that needs no memory and no event. */
export function stagedOps(...ops: readonly Op[]): Staged {
  return { ops: () => ops }
}
