/** States a test puts in and a screen reads out; nothing is lost between. */
export interface States<T> {
  readonly put: (state: T) => void
  readonly values: (options?: { readonly signal?: AbortSignal }) => AsyncIterable<T>
}

/** States for one reader at a time. */
export function createStates<T>(): States<T> {
  const waiting: T[] = []
  let wake = Promise.withResolvers<void>()

  async function* values({ signal }: { readonly signal?: AbortSignal } = {}): AsyncIterable<T> {
    signal?.addEventListener('abort', () => wake.resolve())
    while (!signal?.aborted) {
      const state = waiting.shift()
      if (state !== undefined) yield state
      else {
        await wake.promise
        wake = Promise.withResolvers()
      }
    }
  }
  return {
    put: (state) => {
      waiting.push(state)
      wake.resolve()
    },
    values,
  }
}
