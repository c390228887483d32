/** Runs tasks one after another. */
export type Turns = (task: () => Promise<void>, signal?: AbortSignal) => Promise<void>

/** Makes a queue of its own: so the chunks of two frames never mix. */
export function createTurns(): Turns {
  let last: Promise<void> = Promise.resolve()
  return (task, signal) => {
    const turn = last.then(() => {
      signal?.throwIfAborted()
      return task()
    })
    // the next turn comes whatever became of this one
    last = turn.catch(() => {})
    return turn
  }
}
