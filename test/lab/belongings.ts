/** What the lab has made of processes, namespaces and folders, so that nothing of it is left when it is told to stop. */

const belongings = new Set<AsyncDisposable>()

/** Remembers something until it is disposed of. */
export function remembered<T extends AsyncDisposable>(one: T): T {
  const dispose = one[Symbol.asyncDispose].bind(one)
  let disposing: PromiseLike<void> | undefined
  const kept: T = Object.assign(one, {
    [Symbol.asyncDispose]: async () => {
      disposing ??= dispose()
      await disposing
      belongings.delete(kept)
    },
  })
  belongings.add(kept)
  return kept
}

let leaving = false

/** Whether everything is being disposed of: whoever uses it fails. */
export function isLeaving(): boolean {
  return leaving
}

/** Disposes of everything, the newest first: programs before the networks they run in. */
export async function leaveNothing(): Promise<void> {
  leaving = true
  for (const one of [...belongings].reverse()) await one[Symbol.asyncDispose]()
}
