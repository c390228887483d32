/**
 * Runs a task in rounds, one at a time for each key. Whoever asks while a round runs gets another one
 * after it: what changed behind the running round's back is not missed. The round sees by its signal
 * that it was asked again, so that it need not wait for what may have come meanwhile.
 */
export function createRounds<K>(
  round: (key: K, asked: AbortSignal) => Promise<void>,
): (key: K) => Promise<void> {
  const running = new Map<K, AbortController>()
  return async (key) => {
    const current = running.get(key)
    if (current) return current.abort(ASKED)
    try {
      for (let asked: AbortController | undefined; asked === undefined || asked.signal.aborted; ) {
        asked = new AbortController()
        running.set(key, asked)
        await round(key, asked.signal)
      }
    } finally {
      running.delete(key)
    }
  }
}

/** A reason of our own: whoever gives none has an exception made each time, with the stack it comes from. */
const ASKED = 'asked again'
