/** A value that changes, for any number of readers: each gets the current one, then every change. */
export interface Feed<T> {
  set(value: T): void
  values(options?: { readonly signal?: AbortSignal }): AsyncIterable<T>
  /** No more changes: readers end after the last one. */
  end(): void
}

/** A value, and the one that comes after it; a reader that is behind holds on to where it is. */
interface Link<T> {
  readonly value: T
  readonly next: PromiseWithResolvers<Link<T> | undefined>
}

/** A feed that starts with `first`. */
export function createFeed<T>(first: T): Feed<T> {
  let last = linkOf(first)

  async function* values({ signal }: { readonly signal?: AbortSignal } = {}): AsyncIterable<T> {
    const aborted = Promise.withResolvers<undefined>()
    const onAbort = (): void => aborted.resolve(undefined)
    signal?.addEventListener('abort', onAbort)
    try {
      let at: Link<T> | undefined = last
      while (at && !signal?.aborted) {
        yield at.value
        at = await Promise.race([at.next.promise, aborted.promise])
      }
    } finally {
      signal?.removeEventListener('abort', onAbort)
    }
  }

  return {
    set: (value) => {
      const change = linkOf(value)
      last.next.resolve(change)
      last = change
    },
    values,
    end: () => last.next.resolve(undefined),
  }
}

function linkOf<T>(value: T): Link<T> {
  return { value, next: Promise.withResolvers() }
}
