/** The items of `source` until it ends or the signal aborts, whichever is first; never rejects for the signal. */
export async function* itemsUntilAborted<T>(
  source: AsyncIterable<T>,
  signal: AbortSignal,
): AsyncGenerator<T, void, undefined> {
  const aborted = Promise.withResolvers<undefined>()
  const abort = (): void => aborted.resolve(undefined)
  if (signal.aborted) abort()
  signal.addEventListener('abort', abort, { once: true })
  const items = source[Symbol.asyncIterator]()
  try {
    while (true) {
      const item = await Promise.race([nextOf(items, signal), aborted.promise])
      if (item === undefined || item.done === true) return
      yield item.value
    }
  } finally {
    signal.removeEventListener('abort', abort)
    // Not awaited: a source that waits for its next item would not return before it has come.
    items.return?.().catch(() => undefined)
  }
}

/** A source may end its wait by rejecting when the signal aborts; that is the same end. */
async function nextOf<T>(
  items: AsyncIterator<T>,
  signal: AbortSignal,
): Promise<IteratorResult<T> | undefined> {
  try {
    return await items.next()
  } catch (error) {
    if (signal.aborted) return undefined
    throw error
  }
}
