import {
  encodeFrame,
  type FirstFrame,
  firstFrame,
  MAX_CIRCUIT_MESSAGE_BYTES,
  NetError,
} from '@kithmesh/net'
import type { Stream } from '@libp2p/interface'

/**
 * Reads one message with its length in front and leaves the stream paused, so that nothing more arrives
 * until somebody takes it.
 *
 * @throws ERR_FRAME_TOO_LONG, ERR_FRAME_MALFORMED also when the stream ends first; the signal's reason
 */
export function readMessage(stream: Stream, signal: AbortSignal): Promise<FirstFrame> {
  const { promise, resolve, reject } = Promise.withResolvers<FirstFrame>()
  let held = new Uint8Array(0)

  const onMessage = ({ data }: { readonly data: { subarray(): Uint8Array } }): void => {
    held = new Uint8Array(Buffer.concat([held, data.subarray()]))
    try {
      const read = firstFrame(held, MAX_CIRCUIT_MESSAGE_BYTES)
      if (read !== undefined) finish(() => resolve(read))
    } catch (error) {
      finish(() => reject(error))
    }
  }
  const onEnd = (): void => finish(() => reject(endedEarly()))
  const onAbort = (): void => finish(() => reject(signal.reason))
  const finish = (settle: () => void): void => {
    stream.removeEventListener('message', onMessage)
    stream.removeEventListener('end', onEnd)
    stream.removeEventListener('close', onEnd)
    signal.removeEventListener('abort', onAbort)
    if (stream.readStatus === 'readable') stream.pause()
    settle()
  }

  stream.addEventListener('end', onEnd)
  stream.addEventListener('close', onEnd)
  signal.addEventListener('abort', onAbort)
  if (signal.aborted) onAbort()
  else if (stream.status !== 'open' || stream.readableEnded) onEnd()
  else stream.addEventListener('message', onMessage)
  return promise
}

/** Hands one message with its length to the stream. It is small: the window takes it at once. */
export function sendMessage(stream: Stream, message: Uint8Array): void {
  stream.send(encodeFrame(message, MAX_CIRCUIT_MESSAGE_BYTES))
}

function endedEarly(): NetError {
  return new NetError('ERR_FRAME_MALFORMED', 'The stream ended before a whole circuit message')
}
