import type { Op, Store } from './store/store-types.ts'

/**
 * Something decided but not yet durable: what to write, and what becomes visible once it is written.
 * Every change of the device goes this way, so that nobody is told of what a crash could take back
 * (NODE-1).
 */
export interface Staged {
  /**
   * Asked once, when the batch is handed to the store: what several changes share (a session, the
   * state of a chat) is written as it is then, so that no batch brings back an older one.
   */
  ops(): readonly Op[]
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
): Promise<void> {
  const ops = staged.flatMap((one) => one.ops())
  try {
    if (ops.length > 0) await store.commit(ops)
  } catch (error) {
    for (const one of staged) one.discard?.()
    throw error
  }
  for (const one of staged) one.publish?.()
}

/** A change that needs no memory and no event. */
export function stagedOps(...ops: readonly Op[]): Staged {
  return { ops: () => ops }
}
