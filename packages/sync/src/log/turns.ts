/** Runs tasks one after the other, in the order they came; a failed one does not stop the rest. */
export type InTurn = <T>(task: () => Promise<T>) => Promise<T>

/** A queue of its own. */
export function createTurns(): InTurn {
  let last: Promise<unknown> = Promise.resolve()
  return (task) => {
    const result = last.then(task, task)
    last = result.catch(() => undefined)
    return result
  }
}
