/**
 * Reads that are asked for in one turn, made as one: each read of a store of its own is a wait for a thread,
 * and who stars ten thousand messages at once asks for each of them.
 */

/** Most keys of one read: what comes back is opened in one go, and others want their turn. */
export const MAX_JOINED = 1_024

interface Asked<K, V> {
  readonly key: K
  readonly settle: PromiseWithResolvers<V>
}

/** Reads one key by `readMany`, which is called once for all keys of a turn and gives values in their order. */
export function joinedReads<K, V>(
  readMany: (keys: readonly K[]) => Promise<readonly V[]>,
): (key: K) => Promise<V> {
  let asked: Asked<K, V>[] = []

  const readAll = async (): Promise<void> => {
    const all = asked
    asked = []
    for (let at = 0; at < all.length; at += MAX_JOINED) {
      await readGroup(all.slice(at, at + MAX_JOINED), readMany)
    }
  }
  return (key) => {
    const settle = Promise.withResolvers<V>()
    asked.push({ key, settle })
    if (asked.length === 1) queueMicrotask(() => void readAll())
    return settle.promise
  }
}

/** Never rejects: who asked hears of it. */
async function readGroup<K, V>(
  group: readonly Asked<K, V>[],
  readMany: (keys: readonly K[]) => Promise<readonly V[]>,
): Promise<void> {
  try {
    const values = await readMany(group.map(({ key }) => key))
    for (const [at, { settle }] of group.entries()) settle.resolve(values[at] as V)
  } catch (error) {
    for (const { settle } of group) settle.reject(error)
  }
}
