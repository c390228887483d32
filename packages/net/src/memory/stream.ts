import { NetError } from '../errors.ts'
import { createTurns } from '../framing/turns.ts'
import type { FrameStream, NetProtocol, PeerIdText } from '../net.ts'
import { Lane } from './lane.ts'

/** One end of a stream in memory. */
export interface MemoryEnd {
  readonly stream: FrameStream
  /** Until both halves are done, or either end reset. */
  readonly isOpen: boolean
  /** Nobody reads this end any more. */
  dropIncoming(): void
  /** The connection under the stream is gone. */
  lose(): void
}

/** What both ends of a stream are made from. */
export interface StreamPairOptions {
  readonly opener: PeerIdText
  readonly answerer: PeerIdText
  readonly path: FrameStream['path']
  /** As each end knows it. */
  readonly protocols: { readonly opener: NetProtocol; readonly answerer: NetProtocol }
  /** Both halves are done, or the stream was reset. */
  closed(): void
}

/** Both ends of one stream. */
export function createStreamPair(options: StreamPairOptions): {
  readonly opener: MemoryEnd
  readonly answerer: MemoryEnd
} {
  const there = new Lane()
  const back = new Lane()
  let isClosed = false
  const settle = (): void => {
    if (isClosed || there.isOpen || back.isOpen) return
    isClosed = true
    options.closed()
  }
  const { opener, answerer, path, protocols } = options
  return {
    opener: createEnd({
      peer: answerer,
      path,
      protocol: protocols.opener,
      out: there,
      incoming: back,
      settle,
    }),
    answerer: createEnd({
      peer: opener,
      path,
      protocol: protocols.answerer,
      out: back,
      incoming: there,
      settle,
    }),
  }
}

interface EndParts {
  readonly peer: PeerIdText
  readonly path: FrameStream['path']
  readonly protocol: NetProtocol
  readonly out: Lane
  readonly incoming: Lane
  settle(): void
}

function createEnd({ peer, path, protocol, out, incoming, settle }: EndParts): MemoryEnd {
  const inTurn = createTurns()
  const failBoth = (ours: Error, theirs: Error): void => {
    incoming.fail(ours)
    out.fail(theirs)
    settle()
  }
  const send: FrameStream['send'] = async (frame, { signal } = {}) => {
    if (frame.byteLength > protocol.maxFrameBytes) throw tooLong(frame, protocol)
    await inTurn(async () => {
      if (isClosing) throw closed()
      await out.push(frame, signal === undefined ? {} : { signal })
    }, signal)
  }
  let isClosing = false
  return {
    stream: {
      peer,
      path,
      incoming: limited(incoming, protocol, (reason) => failBoth(reason, reset())),
      send,
      close: ({ signal } = {}) =>
        inTurn(async () => {
          isClosing = true
          out.end()
          settle()
        }, signal),
      abort: (reason) => failBoth(reason, reset()),
    },
    get isOpen() {
      return out.isOpen || incoming.isOpen
    },
    dropIncoming: () => {
      incoming.drop()
      settle()
    },
    lose: () => failBoth(reset(), reset()),
  }
}

/** Each end keeps its own limit: a peer may run another version of a protocol. */
async function* limited(
  frames: AsyncIterable<Uint8Array>,
  protocol: NetProtocol,
  abort: (reason: Error) => void,
): AsyncGenerator<Uint8Array, void, undefined> {
  for await (const frame of frames) {
    if (frame.byteLength > protocol.maxFrameBytes) {
      const failure = tooLong(frame, protocol)
      abort(failure)
      throw failure
    }
    yield frame
  }
}

function tooLong(frame: Uint8Array, { maxFrameBytes }: NetProtocol): NetError {
  return new NetError(
    'ERR_FRAME_TOO_LONG',
    `A frame of ${frame.byteLength} bytes, ${maxFrameBytes} allowed`,
  )
}

function reset(): NetError {
  return new NetError('ERR_STREAM_RESET', 'The stream was reset')
}

function closed(): NetError {
  return new NetError('ERR_STREAM_CLOSED', 'This end of the stream is closed')
}
