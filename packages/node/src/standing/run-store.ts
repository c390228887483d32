import { KithError } from '@kithmesh/protocol'
import type { Store } from '../store/store-types.ts'

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

  function commit(...call: Parameters<Store['commit']>): Promise<void> {
    if (isOver) return Promise.reject(new KithError('ERR_STORE_CLOSED', 'this run is over'))
    const written = store.commit(...call)
    const settled = written.then(
      () => undefined,
      () => undefined,
    )
    writing.add(settled)
    void settled.then(() => writing.delete(settled))
    return written
  }

  return {
    store: new Proxy(store, {
      get: (target, key) => {
        if (key === 'commit') return commit
        const value: unknown = Reflect.get(target, key, target)
        return typeof value === 'function' ? value.bind(target) : value
      },
    }),
    end: async () => {
      isOver = true
      await Promise.all(writing)
    },
  }
}
