import type { Stream, StreamMiddleware } from '@libp2p/interface'
import { HOP_PROTOCOL, MAX_CIRCUIT_MESSAGE_BYTES, STOP_PROTOCOL } from '../circuit/messages.ts'
import { SPLICE_PROTOCOL } from '../splice/messages.ts'
import { methodOf } from '../transports/method-of.ts'
import { FloodError } from './flood-error.ts'

/** What may come on a stream whose messages each begin with their length. */
export interface MessageBounds {
  /** Bytes of one message, without its length. */
  readonly maxBytes: number
  readonly maxMessages: number
  /** Whether the bytes behind the last message are something else, and nobody's business here. */
  readonly isRawBehind?: boolean
  /** Bounds answers alone: a relay reads questions by itself, and says what is wrong with them (RLY-2). */
  readonly isAnswer?: boolean
}

/** One message, and behind it the bytes of two others. */
const CIRCUIT: MessageBounds = {
  maxBytes: MAX_CIRCUIT_MESSAGE_BYTES,
  maxMessages: 1,
  isRawBehind: true,
}

/**
 * Protocols whose messages libp2p's `lpStream` reads: it waits for a length to end however long it gets, and decodes all
 * of it anew for each byte (rule NET-83). Sizes are libp2p's own; of signals there is one for each ICE candidate.
 */
const BOUNDS: ReadonlyMap<string, MessageBounds> = new Map<string, MessageBounds>([
  ['/ipfs/id/1.0.0', { maxBytes: 8 * 1024, maxMessages: 10 }],
  ['/ipfs/id/push/1.0.0', { maxBytes: 8 * 1024, maxMessages: 10 }],
  ['/webrtc-signaling/0.0.1', { maxBytes: 64 * 1024, maxMessages: 256 }],
  [HOP_PROTOCOL, { ...CIRCUIT, isAnswer: true }],
  [STOP_PROTOCOL, CIRCUIT],
  [SPLICE_PROTOCOL, CIRCUIT],
])

/**
 * Bounds the messages of those protocols on every stream of a host, whoever opened it and over whatever transport.
 * libp2p's own way to add such a step is no use: it adds the handler of each stream to the list of steps for good.
 */
export function boundMessages(registrar: object): void {
  const stepsOf = methodOf(registrar, 'getMiddleware', 'libp2p')
  Reflect.set(registrar, 'getMiddleware', (protocol: string): StreamMiddleware[] => {
    const bounds = BOUNDS.get(protocol)
    const steps: StreamMiddleware[] = Reflect.apply(stepsOf, registrar, [protocol])
    return bounds === undefined ? steps : [boundedBy(bounds), ...steps]
  })
}

function boundedBy(bounds: MessageBounds): StreamMiddleware {
  return (stream, connection, next) => {
    const isAnswered = stream.direction === 'outbound'
    if (isAnswered || !bounds.isAnswer) watch(stream, createMessageWatch(bounds))
    next(stream, connection)
  }
}

/** Every byte that came is looked at before anybody else has it: what breaks the bounds ends the stream. */
function watch(stream: Stream, messages: MessageWatch): void {
  const dispatch = stream.dispatchEvent.bind(stream)
  let isWatched = true
  stream.dispatchEvent = (event) => {
    if (!isWatched || !isMessage(event)) return dispatch(event)
    try {
      isWatched = messages.came(event.data.subarray())
    } catch (error) {
      if (!(error instanceof FloodError)) throw error
      stream.abort(error)
      return false
    }
    return dispatch(event)
  }
}

interface MessageEvent extends Event {
  readonly data: { subarray(): Uint8Array }
}

const isMessage = (event: Event): event is MessageEvent => event.type === 'message'

/** Follows messages by their lengths. */
export interface MessageWatch {
  /** Bytes that came. False once nothing more has to be watched. @throws FloodError */
  came(bytes: Uint8Array): boolean
}

/** A length of three bytes is more than any message here has. */
const MAX_LENGTH_BYTES = 3

/** A watch of a stream on which nothing came yet; each byte is looked at once. */
export function createMessageWatch(bounds: MessageBounds): MessageWatch {
  const { maxBytes, maxMessages, isRawBehind = false } = bounds
  let messages = 0
  let left = 0
  let length = 0
  let lengthBytes = 0

  function takeLengthByte(byte: number): void {
    length += (byte & 0x7f) * 2 ** (7 * lengthBytes)
    lengthBytes += 1
    const isWhole = byte < 0x80
    if (length > maxBytes || (!isWhole && lengthBytes === MAX_LENGTH_BYTES)) {
      throw new FloodError('a length beyond any message')
    }
    if (!isWhole) return
    messages += 1
    left = length
    length = 0
    lengthBytes = 0
  }

  return {
    came(bytes) {
      let at = 0
      while (at < bytes.length) {
        const taken = Math.min(left, bytes.length - at)
        at += taken
        left -= taken
        const byte = bytes[at]
        if (left > 0 || byte === undefined) break
        if (messages === maxMessages) {
          if (isRawBehind) return false
          throw new FloodError('too many messages')
        }
        takeLengthByte(byte)
        at += 1
      }
      return true
    },
  }
}
