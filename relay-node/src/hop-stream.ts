import type { Stream } from '@libp2p/interface'
import { RelayError } from './errors.ts'
import { concat, readVarint, varint } from './protobuf.ts'

/** Largest circuit message either way; go-libp2p reads no more either (rule RLY-2). */
export const MAX_MESSAGE_BYTES = 4096

/** A message that was read, and the bytes that came behind it. */
export interface ReadMessage {
  readonly message: Uint8Array
  readonly rest: Uint8Array
}

/**
 * Reads one length-prefixed message and leaves the stream paused, so that nothing more arrives
 * until somebody takes it.
 *
 * @throws ERR_MALFORMED when it is too long or the stream ends first; the signal's reason
 */
export function readMessage(stream: Stream, signal: AbortSignal): Promise<ReadMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<ReadMessage>()
  let held: Uint8Array = new Uint8Array(0)

  const onMessage = ({ data }: { readonly data: { subarray(): Uint8Array } }): void => {
    held = concat([held, data.subarray()])
    try {
      const read = splitMessage(held)
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
  stream.send(concat([varint(message.length), message]))
}

function splitMessage(held: Uint8Array): ReadMessage | undefined {
  const prefixEnd = held.findIndex((byte) => byte < 0x80)
  if (prefixEnd === -1 && held.length < MAX_PREFIX_BYTES) return undefined
  const prefix = readVarint(held.subarray(0, MAX_PREFIX_BYTES), 0)
  if (prefix.value > MAX_MESSAGE_BYTES) {
    throw new RelayError(
      'ERR_MALFORMED',
      `A circuit message of more than ${MAX_MESSAGE_BYTES} bytes`,
    )
  }
  const end = prefix.end + Number(prefix.value)
  if (held.length < end) return undefined
  return { message: held.subarray(prefix.end, end), rest: held.subarray(end) }
}

/** 4096 takes two bytes; a third allows a wasteful encoder, more is not a length. */
const MAX_PREFIX_BYTES = 3

function endedEarly(): RelayError {
  return new RelayError('ERR_MALFORMED', 'The stream ended before a whole circuit message')
}
