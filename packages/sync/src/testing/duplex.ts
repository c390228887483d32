import type { ExchangeStream } from '../exchange/exchange.ts'

/** Both ends of a stream in memory, and its line. */
export interface Duplex {
  readonly ends: readonly [ExchangeStream, ExchangeStream]
  /** Cuts the line: reading and sending fail on both ends. */
  cut(): void
  /** Ends both halves. */
  close(): void
  /** Frames that crossed, in both directions. */
  readonly frames: readonly Uint8Array[]
}

/** Frames a half holds before its sender waits. */
const WINDOW = 4

/** A stream in memory with back-pressure. */
export function createDuplex(): Duplex {
  const frames: Uint8Array[] = []
  const [there, back] = [createHalf(frames), createHalf(frames)]
  return {
    ends: [
      { incoming: back.frames(), send: there.send },
      { incoming: there.frames(), send: back.send },
    ],
    cut: () => {
      there.fail()
      back.fail()
    },
    close: () => {
      there.end()
      back.end()
    },
    frames,
  }
}

interface Half {
  readonly send: ExchangeStream['send']
  frames(): AsyncIterable<Uint8Array>
  end(): void
  fail(): void
}

function createHalf(log: Uint8Array[]): Half {
  const queue: Uint8Array[] = []
  const waiters: (() => void)[] = []
  let state: 'open' | 'ended' | 'cut' = 'open'
  const changed = (): void => {
    for (const wake of waiters.splice(0)) wake()
  }
  const change = (): Promise<void> => new Promise((resolve) => waiters.push(resolve))
  return {
    send: async (frame, { signal } = {}) => {
      signal?.addEventListener('abort', changed, { once: true })
      while (state === 'open' && queue.length >= WINDOW && signal?.aborted !== true) await change()
      signal?.throwIfAborted()
      if (state !== 'open') throw new Error('the stream is gone')
      log.push(frame)
      queue.push(frame)
      changed()
    },
    async *frames() {
      for (;;) {
        if (state === 'cut') throw new Error('the stream broke')
        const frame = queue.shift()
        changed()
        if (frame !== undefined) yield frame
        else if (state === 'ended') return
        else await change()
      }
    },
    end: () => {
      state = 'ended'
      changed()
    },
    fail: () => {
      state = 'cut'
      changed()
    },
  }
}
