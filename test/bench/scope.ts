/** Keeps what it is given until the work is done. */
export type Keep = <R extends AsyncDisposable>(resource: R) => R

/**
 * Runs `work` and gives back, in reverse order, everything it kept: `await using` for files that run without a
 * compiler, on a Node that does not know it yet.
 */
export async function inScope<T>(work: (keep: Keep) => Promise<T>): Promise<T> {
  const kept: AsyncDisposable[] = []
  try {
    return await work((resource) => {
      kept.push(resource)
      return resource
    })
  } finally {
    for (const resource of kept.reverse()) await resource[Symbol.asyncDispose]()
  }
}
