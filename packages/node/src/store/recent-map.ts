/** A map that keeps what was used last: at least `size` entries, at most twice as many. */
export interface RecentMap<K, V> {
  get(key: K): V | undefined
  set(key: K, value: V): void
  delete(key: K): void
}

/**
 * In two generations: what is used goes into the younger one, and when that is full the older one goes
 * whole. Taking the oldest out of one map, entry by entry, would walk over all the places they left.
 */
export function createRecentMap<K, V>(size: number): RecentMap<K, V> {
  let young = new Map<K, V>()
  let old = new Map<K, V>()
  return {
    get: (key) => young.get(key) ?? old.get(key),
    set: (key, value) => {
      young.set(key, value)
      if (young.size < size) return
      old = young
      young = new Map()
    },
    delete: (key) => {
      young.delete(key)
      old.delete(key)
    },
  }
}
