/** One direction of a stream: frames in order, each with its time on the way, and a window. */

/** Bytes sent and not yet read before a sender waits: the largest window of the real net. */
const WINDOW_BYTES = 1024 * 1024

/** What one end writes and the other reads. */
export interface Half extends AsyncIterable<Uint8Array> {
  /** Resolves when the frame is within the window. */
  push(frame: Uint8Array, signal?: AbortSignal): Promise<void>
  /** The writer is done. */
  end(): void
  /** Nobody reads on. */
  drop(): void
  /** One end hears that the stream is gone; the reader once it has read what came before. */
  failWriter(error: Error): void
  failReader(error: Error): void
  /** What each end knows: news of the other end is under way as frames are. */
  readonly isWritable: boolean
  readonly isReadable: boolean
}

/** How frames travel: calls `arrive` later, in order, or never. */
export type Carry = (frame: Uint8Array | undefined, arrive: () => void) => void

/** A half whose frames are carried by `carry`; `undefined` is its end. */
export function createHalf(carry: Carry): Half {
  const arrived: Uint8Array[] = []
  let held = 0
  let isEnding = false
  let isDropped = false
  let hasEnded = false
  let writerError: Error | undefined
  let readerError: Error | undefined
  let changed = Promise.withResolvers<void>()

  function tell(): void {
    changed.resolve()
    changed = Promise.withResolvers()
  }

  async function push(frame: Uint8Array, signal?: AbortSignal): Promise<void> {
    while (!isEnding && !writerError && held > 0 && held + frame.length > WINDOW_BYTES) {
      await change(signal)
    }
    if (writerError) throw writerError
    if (isEnding) return
    const copy = frame.slice()
    held += copy.length
    carry(copy, () => {
      if (isDropped) held -= copy.length
      else arrived.push(copy)
      tell()
    })
  }

  async function change(signal: AbortSignal | undefined): Promise<void> {
    const { promise } = changed
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

  async function* read(): AsyncGenerator<Uint8Array, void, undefined> {
    for (;;) {
      const frame = arrived.shift()
      if (frame !== undefined) {
        held -= frame.length
        tell()
        yield frame
      } else if (readerError) throw readerError
      else if (hasEnded || isDropped) return
      else await change(undefined)
    }
  }

  function failWriter(error: Error): void {
    writerError ??= error
    tell()
  }

  function failReader(error: Error): void {
    readerError ??= error
    tell()
  }

  return {
    push,
    end: () => {
      if (isEnding) return
      isEnding = true
      carry(undefined, () => {
        hasEnded = true
        tell()
      })
      tell()
    },
    drop: () => {
      isDropped = true
      arrived.length = 0
      held = 0
      tell()
    },
    failWriter,
    failReader,
    get isWritable() {
      return !isEnding && !writerError
    },
    get isReadable() {
      return !hasEnded && !isDropped && !readerError
    },
    [Symbol.asyncIterator]: read,
  }
}
