import type { Stream } from '@libp2p/interface'
import type { Uint8ArrayList } from 'uint8arraylist'
import { NetError } from '../errors.ts'
import { asNetError } from './stream-errors.ts'

/** What a stream delivers: one or many pieces of memory with arbitrary borders. */
export type Chunk = Uint8Array | Uint8ArrayList

/** Read ahead of the consumer before the peer is made to wait: yamux's initial window. */
const HIGH_WATER_BYTES = 256 * 1024

/**
 * Bytes held for a consumer before the stream is given up (rule NET-11). A paused yamux stream can
 * never come near it; a stream whose pause does nothing is stopped here, so that a fast peer and a
 * slow consumer cost memory up to this bound and no more.
 */
const MAX_HELD_BYTES = 8 * 1024 * 1024

/**
 * Reads a libp2p stream with back-pressure (rule NET-10). `for await` on the stream itself queues
 * without bound; this pauses the stream at a high-water mark. One consumer; listens from the start,
 * because what arrives before a first listener is not held back either.
 */
export class BoundedReader implements AsyncIterable<Chunk> {
  readonly #stream: Stream
  readonly #queue: Chunk[] = []
  #held = 0
  #ended = false
  #failure: Error | undefined
  #resuming = false
  #wake: (() => void) | undefined

  constructor(stream: Stream) {
    this.#stream = stream
    this.#ended = stream.remoteWriteStatus === 'closed' && stream.status === 'open'
    if (stream.status !== 'open' && !this.#ended) this.#failure = lost()
    stream.addEventListener('message', ({ data }) => this.#take(data))
    stream.addEventListener('remoteCloseWrite', () => this.#end())
    stream.addEventListener('close', ({ error }) => this.#close(error))
  }

  /** Chunks in order. @throws ERR_STREAM_RESET, ERR_READ_OVERRUN */
  async *[Symbol.asyncIterator](): AsyncGenerator<Chunk, void, undefined> {
    for (;;) {
      const chunk = this.#queue.shift()
      if (chunk !== undefined) {
        this.#held -= chunk.byteLength
        yield chunk
      } else if (this.#stream.readStatus === 'paused') {
        this.#resume()
      } else if (this.#failure !== undefined) {
        throw this.#failure
      } else if (this.#ended && this.#stream.readBufferLength === 0) {
        return
      } else {
        await new Promise<void>((resolve) => {
          this.#wake = resolve
        })
      }
    }
  }

  #take(data: Chunk): void {
    this.#queue.push(data)
    this.#held += data.byteLength
    if (this.#held > MAX_HELD_BYTES) return this.#overrun()
    this.#pauseWhenFull()
    this.#wake?.()
  }

  #pauseWhenFull(): void {
    // resume() flushes what it held and then opens the window: a pause inside it would be undone
    if (this.#resuming || this.#held < HIGH_WATER_BYTES) return
    if (this.#stream.readStatus === 'readable') this.#stream.pause()
  }

  #resume(): void {
    this.#resuming = true
    try {
      this.#stream.resume()
    } finally {
      this.#resuming = false
    }
    this.#pauseWhenFull()
  }

  #overrun(): void {
    this.#failure = new NetError('ERR_READ_OVERRUN', 'The peer sent faster than it was read')
    this.#queue.length = 0
    this.#held = 0
    this.#stream.abort(this.#failure)
    this.#wake?.()
  }

  #end(): void {
    this.#ended = true
    this.#wake?.()
  }

  /** A connection that is gone ends nothing: only the peer's own close does (rule NET-12). */
  #close(error: Error | undefined): void {
    if (error !== undefined) this.#failure ??= asNetError(error)
    else if (!this.#ended) this.#failure ??= lost()
    this.#wake?.()
  }
}

function lost(): NetError {
  return new NetError('ERR_STREAM_RESET', 'The connection was lost before the peer was done')
}
