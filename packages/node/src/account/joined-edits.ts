/**
 * Edits that are asked for in one turn, made as one transaction: an import that stars ten thousand messages is
 * then a few updates, and not ten thousand that are each written out, observed and merged again (ALOG-6).
 */

interface Asked {
  readonly change: () => void
  readonly settle: PromiseWithResolvers<void>
}

/**
 * Makes edits by `batch`, all of one turn at once, in the order in which they were asked for. Each resolves when
 * it is made; one that throws rejects alone.
 */
export function joinedEdits(
  batch: (edits: () => void) => void,
): (change: () => void) => Promise<void> {
  let asked: Asked[] = []

  const makeAll = (): void => {
    const all = asked
    asked = []
    const made: (() => void)[] = []
    try {
      batch(() => {
        for (const one of all) made.push(outcomeOf(one))
      })
      for (const settle of made) settle()
    } catch (error) {
      for (const { settle } of all) settle.reject(error)
    }
  }
  return (change) => {
    const settle = Promise.withResolvers<void>()
    asked.push({ change, settle })
    if (asked.length === 1) queueMicrotask(makeAll)
    return settle.promise
  }
}

/** Makes one edit; gives what tells who asked, once the whole transaction is over. */
function outcomeOf({ change, settle }: Asked): () => void {
  try {
    change()
    return settle.resolve
  } catch (error) {
    return () => settle.reject(error)
  }
}
