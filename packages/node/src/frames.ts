import type { FrameStream } from '@kithmesh/net'
import { type Codec, KithError } from '@kithmesh/protocol'
import { deadline, type Scheduler } from './scheduler.ts'

/** A frame stream seen as typed frames of one codec. A frame that does not decode ends it (WIRE-1). */
export interface TypedStream<In, Out> {
  readonly stream: FrameStream
  /** The next frame; refuses when the peer ended. @throws ERR_STREAM_ENDED, ERR_TIMEOUT, ERR_MALFORMED */
  read(): Promise<In>
  /** Every frame until the peer ends its half. @throws ERR_MALFORMED */
  frames(): AsyncIterable<In>
  send(frame: Out): Promise<void>
}

/** Reads and writes `stream` with a codec for each direction; a read waits `readMs` at most. */
export function typedStream<In, Out>(
  stream: FrameStream,
  codecs: { readonly incoming: Codec<In>; readonly outgoing: Codec<Out> },
  limits: { readonly readMs: number; readonly scheduler: Scheduler },
): TypedStream<In, Out> {
  const frames = stream.incoming[Symbol.asyncIterator]()

  async function read(): Promise<In> {
    const late = deadline(limits.scheduler, limits.readMs, { reason: timedOut })
    const onLate = (): void => stream.abort(timedOut())
    late.signal.addEventListener('abort', onLate)
    try {
      const next = await frames.next()
      if (next.done) throw late.signal.aborted ? timedOut() : ended()
      return codecs.incoming.decode(next.value)
    } finally {
      late.signal.removeEventListener('abort', onLate)
      late.end()
    }
  }

  async function* decoded(): AsyncIterable<In> {
    for (;;) {
      const next = await frames.next()
      if (next.done) return
      yield codecs.incoming.decode(next.value)
    }
  }

  return {
    stream,
    read,
    frames: decoded,
    send: (frame) => stream.send(codecs.outgoing.encode(frame)),
  }
}

function timedOut(): KithError {
  return new KithError('ERR_TIMEOUT', 'the other device did not answer in time')
}

function ended(): KithError {
  return new KithError('ERR_STREAM_ENDED', 'the other device ended the stream')
}
