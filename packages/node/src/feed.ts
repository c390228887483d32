/** A value that changes, for any number of readers: each gets the current one, then every change. */
export interface Feed<T> {
  set(value: T): void
  values(options?: { readonly signal?: AbortSignal }): AsyncIterable<T>
  /** No more changes: readers end after the current value. */
  end(): void
}

/** A feed that starts with `first`. */
export function createFeed<T>(first: T): Feed<T> {
  let current = first
  let version = 0
  let ended = false
  let changed = Promise.withResolvers<void>()

  function announce(): void {
    changed.resolve()
    changed = Promise.withResolvers<void>()
  }

  async function* values({ signal }: { readonly signal?: AbortSignal } = {}): AsyncIterable<T> {
    const aborted = Promise.withResolvers<void>()
    const onAbort = (): void => aborted.resolve()
    signal?.addEventListener('abort', onAbort)
    try {
      for (let seen = -1; !signal?.aborted; ) {
        if (seen !== version) {
          seen = version
          yield current
        } else if (ended) return
        else await Promise.race([changed.promise, aborted.promise])
      }
    } finally {
      signal?.removeEventListener('abort', onAbort)
    }
  }

  return {
    set: (value) => {
      current = value
      version++
      announce()
    },
    values,
    end: () => {
      ended = true
      announce()
    },
  }
}
