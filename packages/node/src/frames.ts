import type { FrameStream } from '@kithmesh/net'
import { type Codec, KithError } from '@kithmesh/protocol'
import { deadline, type Scheduler } from './scheduler.ts'

/** Reads the frames of a stream one by one, each with a time limit. */
export interface FrameReader {
  /** @throws ERR_STREAM_ENDED, ERR_TIMEOUT */
  read(ms?: number): Promise<Uint8Array>
  /** The next frame, however long it takes; undefined when the peer ended its half. */
  next(): Promise<Uint8Array | undefined>
}

/** A step of a handshake over a slow relay; a device log or a snapshot may be 1 MiB. */
const STEP_MS = 20_000

/** A reader of `stream`. A frame that is late resets the stream. */
export function frameReader(stream: FrameStream, scheduler: Scheduler): FrameReader {
  const frames = stream.incoming[Symbol.asyncIterator]()

  async function next(): Promise<Uint8Array | undefined> {
    const frame = await frames.next()
    return frame.done ? undefined : frame.value
  }

  async function read(ms = STEP_MS): Promise<Uint8Array> {
    const late = deadline(scheduler, ms, { reason: timedOut })
    const onLate = (): void => stream.abort(timedOut())
    late.signal.addEventListener('abort', onLate)
    try {
      const frame = await next()
      if (frame) return frame
      throw new KithError('ERR_STREAM_ENDED', 'the other device ended the conversation')
    } catch (error) {
      throw late.signal.aborted ? timedOut() : error
    } finally {
      late.signal.removeEventListener('abort', onLate)
      late.end()
    }
  }

  return { read, next }
}

function timedOut(): KithError {
  return new KithError('ERR_TIMEOUT', 'the other device did not answer in time')
}

/** A frame stream seen as typed frames, a codec for each direction. What does not decode ends it. */
export interface TypedStream<In, Out> {
  /** @throws ERR_STREAM_ENDED, ERR_TIMEOUT, ERR_MALFORMED */
  read(ms?: number): Promise<In>
  /** Every frame until the peer ends its half. @throws ERR_MALFORMED */
  frames(): AsyncIterable<In>
  send(frame: Out): Promise<void>
}

/** Reads and writes `stream` by codecs. */
export function typedStream<In, Out>(
  stream: FrameStream,
  codecs: { readonly incoming: Codec<In>; readonly outgoing: Codec<Out> },
  scheduler: Scheduler,
): TypedStream<In, Out> {
  const reader = frameReader(stream, scheduler)
  return {
    read: async (ms) => codecs.incoming.decode(await reader.read(ms)),
    frames: async function* () {
      for (let frame = await reader.next(); frame; frame = await reader.next()) {
        yield codecs.incoming.decode(frame)
      }
    },
    send: (frame) => stream.send(codecs.outgoing.encode(frame)),
  }
}
