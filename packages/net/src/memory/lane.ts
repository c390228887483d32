/** Bytes in flight in one direction before a sender waits: the largest window of the real net. */
const WINDOW_BYTES = 1024 * 1024

/** One direction of a stream in memory: frames, a window, an end or a failure. */
export class Lane implements AsyncIterable<Uint8Array> {
  readonly #frames: Uint8Array[] = []
  #held = 0
  #state: 'open' | 'ended' | 'dropped' = 'open'
  #failure: Error | undefined
  #changed: PromiseWithResolvers<void> = Promise.withResolvers()

  get isOpen(): boolean {
    return this.#state === 'open' && this.#failure === undefined
  }

  /** Resolves when the frame is within the window; a frame larger than it passes alone. */
  async push(frame: Uint8Array, { signal }: { signal?: AbortSignal } = {}): Promise<void> {
    while (this.isOpen && this.#held > 0 && this.#held + frame.byteLength > WINDOW_BYTES) {
      await this.#change(signal)
    }
    if (this.#failure !== undefined) throw this.#failure
    if (this.#state !== 'open') return
    this.#frames.push(frame.slice())
    this.#held += frame.byteLength
    this.#tell()
  }

  end(): void {
    if (this.#state === 'open') this.#state = 'ended'
    this.#tell()
  }

  /** Nobody will read on: what is held and what still comes is thrown away. */
  drop(): void {
    if (this.#state === 'open') this.#state = 'dropped'
    this.#frames.length = 0
    this.#held = 0
    this.#tell()
  }

  fail(failure: Error): void {
    this.#failure ??= failure
    this.#tell()
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void, undefined> {
    for (;;) {
      const frame = this.#frames.shift()
      if (frame !== undefined) {
        this.#held -= frame.byteLength
        this.#tell()
        yield frame
      } else if (this.#failure !== undefined) {
        throw this.#failure
      } else if (this.#state !== 'open') {
        return
      } else {
        await this.#change()
      }
    }
  }

  #tell(): void {
    this.#changed.resolve()
    this.#changed = Promise.withResolvers()
  }

  async #change(signal?: AbortSignal): Promise<void> {
    const { promise } = this.#changed
    if (signal === undefined) return promise
    signal.throwIfAborted()
    const aborted = Promise.withResolvers<never>()
    const onAbort = (): void => aborted.reject(signal.reason)
    signal.addEventListener('abort', onAbort)
    try {
      await Promise.race([promise, aborted.promise])
    } finally {
      signal.removeEventListener('abort', onAbort)
    }
  }
}
