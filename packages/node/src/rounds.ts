/**
 * Runs a task in rounds, one at a time for each key. Whoever asks while a round runs gets another one
 * after it: what changed behind the running round's back is not missed.
 */
export function createRounds<K>(round: (key: K) => Promise<void>): (key: K) => Promise<void> {
  const asked = new Map<K, boolean>()
  return async (key) => {
    const isRunning = asked.has(key)
    asked.set(key, true)
    if (isRunning) return
    try {
      while (asked.get(key)) {
        asked.set(key, false)
        await round(key)
      }
    } finally {
      asked.delete(key)
    }
  }
}
