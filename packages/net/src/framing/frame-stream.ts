import type { Stream } from '@libp2p/interface'
import { pipe } from 'it-pipe'
import { NetError } from '../errors.ts'
import type { FrameStream, NetProtocol, PeerIdText } from '../net.ts'
import { BoundedReader } from './bounded-reader.ts'
import { bytesToFrames, encodeFrame } from './framing.ts'
import { asNetError } from './stream-errors.ts'
import { writeBytes } from './stream-writer.ts'
import { createTurns } from './turns.ts'

/** What a frame stream is made from. */
export interface FrameStreamParts {
  readonly stream: Stream
  readonly peer: PeerIdText
  readonly path: FrameStream['path']
  readonly protocol: NetProtocol
  readonly outdated?: AbortSignal
  /** A frame is being sent. */
  onSend?(): void
}

/** Frames over a libp2p stream, bounded in both directions. */
export function createFrameStream(parts: FrameStreamParts): FrameStream {
  const { stream, peer, path, protocol } = parts
  const incoming = resetOnBadFrame(
    stream,
    pipe(new BoundedReader(stream), bytesToFrames(protocol.maxFrameBytes)),
  )
  const inTurn = createTurns()
  return {
    peer,
    path,
    ...(parts.outdated === undefined ? {} : { outdated: parts.outdated }),
    incoming,
    send: async (frame, options = {}) => {
      const bytes = encodeFrame(frame, protocol.maxFrameBytes)
      parts.onSend?.()
      await inTurn(() => sendWhole(stream, bytes, options.signal), options.signal)
    },
    close: (options = {}) => inTurn(() => closeWrite(stream, options.signal), options.signal),
    abort: (reason) => stream.abort(reason),
  }
}

/** A peer that breaks the framing is cut off at once; the error says by which rule. */
async function* resetOnBadFrame(
  stream: Stream,
  frames: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    yield* frames
  } catch (error) {
    const failure = asNetError(error)
    stream.abort(failure)
    throw failure
  }
}

/** A frame sent in part cannot be taken back: whoever aborts in the middle loses the stream. */
async function sendWhole(
  stream: Stream,
  bytes: Uint8Array,
  signal: AbortSignal | undefined,
): Promise<void> {
  signal?.throwIfAborted()
  try {
    await writeBytes(stream, bytes, signal === undefined ? {} : { signal })
  } catch (error) {
    if (stream.status === 'open') stream.abort(asNetError(error))
    throw error
  }
}

async function closeWrite(stream: Stream, signal: AbortSignal | undefined): Promise<void> {
  if (stream.status === 'reset' || stream.status === 'aborted') {
    throw new NetError('ERR_STREAM_RESET', 'The stream was reset before it was closed')
  }
  try {
    await stream.close(signal === undefined ? {} : { signal })
  } catch (error) {
    signal?.throwIfAborted()
    throw asNetError(error)
  }
}

/** What a protocol limits one peer to, over all its connections (rule NET-15). */
export function tooManyStreams(protocol: NetProtocol): NetError {
  return new NetError(
    'ERR_TOO_MANY_STREAMS',
    `${protocol.maxStreamsPerPeer} streams of ${protocol.id} are open already`,
  )
}
