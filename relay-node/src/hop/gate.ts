import type { Stream } from '@libp2p/interface'

/** Whether a stream may hand us more now. Shut at first. */
export interface Gate {
  /** Shut until opened: the reader on the other side is slow. */
  shut(): void
  /** The reader takes bytes again. */
  open(): void
  /** Shut for so many ms, whatever the reader does; a rate is kept that way. */
  shutFor(ms: number): void
  /** The reader took something: its patience starts again. */
  progress(): void
  /** The stream is closed: nobody is impatient any more, what it left behind still goes out. */
  stop(): void
}

/**
 * Turns a libp2p stream on and off. Its `resume()` hands out what it held back and then undoes any
 * `pause()` made meanwhile, so whoever wants it quiet again is heard only afterwards.
 */
export function createGate(source: Stream, patience: { readonly ms: number; ended(): void }): Gate {
  let full = true
  let resuming = false
  let pacing: NodeJS.Timeout | undefined
  let stall: NodeJS.Timeout | undefined

  const isShut = (): boolean => full || pacing !== undefined
  const apply = (): void => {
    if (resuming) return
    if (!isShut() && source.readStatus === 'paused') {
      resuming = true
      source.resume()
      resuming = false
    }
    if (isShut() && source.readStatus === 'readable') source.pause()
  }
  const clearStall = (): void => {
    clearTimeout(stall)
    stall = undefined
  }

  return {
    shut() {
      full = true
      stall ??= setTimeout(patience.ended, patience.ms).unref()
      apply()
    },
    open() {
      full = false
      clearStall()
      apply()
    },
    shutFor(ms) {
      clearTimeout(pacing)
      pacing = setTimeout(() => {
        pacing = undefined
        apply()
      }, ms)
      apply()
    },
    progress: () => void stall?.refresh(),
    stop: clearStall,
  }
}
