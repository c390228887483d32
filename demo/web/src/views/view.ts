/** What a screen knows of its data; what was read last stays while it is read again. */
export type Viewed<T> =
  | { readonly state: 'loading' }
  | { readonly state: 'ready'; readonly value: T }
  | { readonly state: 'failed'; readonly error: unknown }

/** Something to look at: the two functions `useSyncExternalStore` asks for, and another try. */
export interface View<T> {
  readonly subscribe: (onChange: () => void) => () => void
  readonly get: () => Viewed<T>
  readonly reload: () => void
}

/** Where a view comes from. */
export interface ViewSource<T> {
  readonly load: (options: { readonly signal: AbortSignal }) => Promise<T>
  /** Starts listening to what makes the view old; listens until the signal aborts. */
  readonly watch: (changes: Changes<T>, options: { readonly signal: AbortSignal }) => void
}

/** What a listener can do to a view. */
export interface Changes<T> {
  readonly reload: () => void
  /** A change that is known without reading again; `undefined` leaves the view as it is. */
  readonly edit: (change: (value: T) => T | undefined) => void
}

/** A view that reads and listens while somebody looks, and reads once more after each burst of changes. */
export function createView<T>(source: ViewSource<T>): View<T> {
  const lookers = new Set<() => void>()
  let viewed: Viewed<T> = { state: 'loading' }
  let looking: AbortController | undefined
  let reading: AbortController | undefined
  let old = false

  function show(next: Viewed<T>): void {
    viewed = next
    for (const tell of lookers) tell()
  }

  function reload(): void {
    if (!looking) return
    // One read at a time: what changes meanwhile makes its result old.
    if (reading === looking) old = true
    else void read(looking)
  }

  async function read(by: AbortController): Promise<void> {
    const { signal } = by
    reading = by
    old = false
    const next = await source.load({ signal }).then(
      (value): Viewed<T> => ({ state: 'ready', value }),
      (error: unknown): Viewed<T> => ({ state: 'failed', error }),
    )
    if (signal.aborted) return
    reading = undefined
    show(next)
    if (old) reload()
  }

  function edit(change: (value: T) => T | undefined): void {
    if (reading) old = true
    if (viewed.state !== 'ready') return
    const value = change(viewed.value)
    if (value !== undefined) show({ state: 'ready', value })
  }

  function start(): void {
    looking = new AbortController()
    source.watch({ reload, edit }, { signal: looking.signal })
    reload()
  }

  function stop(): void {
    looking?.abort()
    looking = undefined
    reading = undefined
  }

  return {
    subscribe: (onChange) => {
      lookers.add(onChange)
      if (lookers.size === 1) start()
      return () => {
        lookers.delete(onChange)
        if (lookers.size === 0) stop()
      }
    },
    get: () => viewed,
    reload: () => {
      if (viewed.state === 'failed') show({ state: 'loading' })
      reload()
    },
  }
}
