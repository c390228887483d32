import { KithError } from '@kithmesh/protocol'
import type { Damage, Op, Store } from '../store/store-types.ts'

/** The store as one run of an account writes to it. */
export interface RunStore {
  readonly store: Store
  /** Resolves when what the run wrote is on the disk, and refuses all it would write from then on. */
  end(): Promise<void>
}

/**
 * The store for one run of an account after another. What a run still writes while the next one reads would
 * not be known to that one: it would give a number of the account log twice (ALOG-2), or miss an entry and
 * take the store for damaged (STO-55).
 */
export function storeForRun(store: Store): RunStore {
  const writing = new Set<Promise<void>>()
  let isOver = false

  function commit(ops: readonly Op[], options?: { readonly signal?: AbortSignal }): Promise<void> {
    if (isOver) return Promise.reject(new KithError('ERR_STORE_CLOSED', 'this run is over'))
    const written = store.commit(ops, options)
    const settled = written.then(
      () => undefined,
      () => undefined,
    )
    writing.add(settled)
    void settled.then(() => writing.delete(settled))
    return written
  }

  return {
    store: writtenBy(store, commit),
    end: async () => {
      isOver = true
      await Promise.all(writing)
    },
  }
}

/** `store` in all but how it is written to. */
function writtenBy(store: Store, commit: Store['commit']): Store {
  return {
    table: (name, codecs) => store.table(name, codecs),
    commit,
    get damage(): readonly Damage[] {
      return store.damage
    },
    get commits(): number {
      return store.commits
    },
    countOf: (table) => store.countOf(table),
    get audited(): Promise<void> {
      return store.audited
    },
    sweep: () => store.sweep(),
    forgetDamage: (healed) => store.forgetDamage(healed),
    compact: () => store.compact(),
    close: () => store.close(),
    [Symbol.asyncDispose]: () => store[Symbol.asyncDispose](),
  }
}
