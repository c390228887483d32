import type { Stream } from '@libp2p/interface'
import type { Uint8ArrayList } from 'uint8arraylist'
import { createGate } from './gate.ts'

/** Two ends that are joined: streams of libp2p, or sockets. */
export interface Circuit {
  /** Bytes of it in this process's memory now, both ways. */
  bufferedBytes(): number
  /** Resets both ends. */
  abort(reason: Error): void
  /** Settles when both ends are closed; never rejects. */
  readonly done: Promise<void>
}

/** What a circuit tells and asks. */
export interface CircuitOptions {
  /** Called with the length of each chunk as it passes; answers how many ms to pause after it. */
  onBytes(count: number): number
  /** ms a direction may stand still with bytes waiting before the circuit is reset. */
  readonly stallTimeout?: number
}

/**
 * One end of a circuit, and what it sent already behind its circuit message. The stream comes
 * paused, as `readMessage` leaves it.
 */
export interface CircuitEnd {
  readonly stream: Stream
  readonly rest: Uint8Array
}

/** Bytes waiting for a slow reader above which its sender is paused: the first window of yamux. */
const HIGH_WATER_BYTES = 256 * 1024

/**
 * The most a paused sender may still push at us before its circuit is reset (rule RLY-9). A yamux
 * window is 1 MiB at most here; a WebRTC stream cannot be paused, and whoever keeps to
 * acknowledged windows of 1 MiB never gets there.
 */
const MAX_READ_BUFFER_BYTES = 4 * 1024 * 1024

/** A reader that takes nothing for so long is gone or hostile: an honest muxer always reads. */
export const STALL_TIMEOUT_MS = 60_000

/** Forwards both ways, as fast as the slower side takes it and no faster (rules RLY-9, RLY-10). */
export function joinStreams(a: CircuitEnd, b: CircuitEnd, options: CircuitOptions): Circuit {
  const abort = (reason: Error): void => {
    a.stream.abort(reason)
    b.stream.abort(reason)
  }
  const done = Promise.all([closed(a.stream), closed(b.stream)]).then(() => {})
  const starts = [pump(a, b, options), pump(b, a, options)]
  for (const start of starts) start()
  return { bufferedBytes: () => buffered(a.stream) + buffered(b.stream), abort, done }
}

/** Prepares one direction; the result starts it. */
function pump(
  { stream: source, rest }: CircuitEnd,
  { stream: sink }: CircuitEnd,
  { onBytes, stallTimeout = STALL_TIMEOUT_MS }: CircuitOptions,
): () => void {
  const stalled = (): void => sink.abort(new Error('The reader of the circuit takes nothing'))
  const gate = createGate(source, { ms: stallTimeout, ended: stalled })
  const end = (): void => endWrite(sink, { within: stallTimeout })
  let ended = source.remoteWriteStatus === 'closed'

  const forward = (data: Uint8Array | Uint8ArrayList): void => {
    const wait = onBytes(data.byteLength)
    if (wait > 0) gate.shutFor(wait)
    try {
      sink.send(data)
    } catch {
      // A stream may close between any two events; then there is nobody to forward to.
      source.abort(new Error('The reader is gone'))
    }
    if (isFull(sink)) gate.shut()
  }
  const onDrain = (): void => {
    gate.progress()
    // libp2p refills the window from its write buffer in a microtask of this event: look after it.
    queueMicrotask(() => {
      if (!isFull(sink)) gate.open()
    })
  }
  const onClose = (error: Error | undefined): void => {
    gate.stop()
    // Without a half-close before it, the connection below was lost: no end of the data.
    if (error !== undefined || !ended) sink.abort(error ?? new Error('The sender is gone'))
    else abortLater(sink, stallTimeout)
  }

  source.maxReadBufferLength = MAX_READ_BUFFER_BYTES
  sink.addEventListener('drain', onDrain)
  sink.addEventListener('idle', onDrain)
  source.addEventListener('remoteCloseWrite', () => {
    ended = true
  })
  source.addEventListener('end', end)
  source.addEventListener('close', ({ error }) => onClose(error))

  return () => {
    source.addEventListener('message', ({ data }) => forward(data))
    if (rest.length > 0) forward(rest)
    if (source.readableEnded) end()
    if (source.status !== 'open') onClose(undefined)
    else if (!isFull(sink)) gate.open()
  }
}

function isFull(sink: Stream): boolean {
  return sink.writableNeedsDrain || sink.writeBufferLength > HIGH_WATER_BYTES
}

function buffered({ readBufferLength, writeBufferLength }: Stream): number {
  return readBufferLength + writeBufferLength
}

/** Passes on that no more comes, behind everything that still waits. */
function endWrite(sink: Stream, { within }: { readonly within: number }): void {
  sink.close({ signal: AbortSignal.timeout(within) }).catch((error: Error) => sink.abort(error))
}

/** A peer whose partner has gone for good gets time to take the rest, not the circuit for ever. */
function abortLater(stream: Stream, ms: number): void {
  const timer = setTimeout(() => stream.abort(new Error('The other end closed')), ms).unref()
  stream.addEventListener('close', () => clearTimeout(timer))
}

function closed(stream: Stream): Promise<void> {
  if (stream.status !== 'open') return Promise.resolve()
  return new Promise((resolve) => stream.addEventListener('close', () => resolve()))
}
