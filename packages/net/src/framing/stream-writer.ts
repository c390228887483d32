import type { Stream } from '@libp2p/interface'
import { NetError } from '../errors.ts'
import { asNetError } from './stream-errors.ts'

/** Largest piece handed to a stream at once: one piece is what waits when the window is shut. */
const CHUNK_BYTES = 64 * 1024

/**
 * Writes in pieces, each only when the one before was taken (rule NET-13). `onDrain()` of the stream
 * waits only the first time, so this waits for the `drain` event. Resolves when the last piece is
 * inside the peer's window.
 *
 * @throws ERR_STREAM_CLOSED, ERR_STREAM_RESET, and the signal's reason
 */
export async function writeBytes(
  stream: Stream,
  bytes: Uint8Array,
  { signal }: { signal?: AbortSignal } = {},
): Promise<void> {
  for (let at = 0; at < bytes.byteLength; at += CHUNK_BYTES) {
    signal?.throwIfAborted()
    sendChunk(stream, bytes.subarray(at, at + CHUNK_BYTES))
    while (stream.writableNeedsDrain) await drained(stream, signal)
  }
}

/** A stream may refuse at any time: the peer or the connection is faster than our knowledge of it. */
function sendChunk(stream: Stream, chunk: Uint8Array): void {
  try {
    stream.send(chunk)
  } catch (error) {
    throw asNetError(error)
  }
}

function drained(stream: Stream, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const done = new AbortController()
    const settle = (finish: () => void) => () => {
      done.abort()
      finish()
    }
    const options = { signal: done.signal }
    stream.addEventListener('drain', settle(resolve), options)
    stream.addEventListener(
      'close',
      ({ error }) => settle(() => reject(error === undefined ? closed() : asNetError(error)))(),
      options,
    )
    signal?.addEventListener(
      'abort',
      settle(() => reject(signal.reason)),
      options,
    )
    if (stream.status !== 'open' && stream.status !== 'closing') settle(() => reject(closed()))()
    else if (signal?.aborted) settle(() => reject(signal.reason))()
  })
}

function closed(): NetError {
  return new NetError('ERR_STREAM_CLOSED', 'The stream was closed while something was being sent')
}
