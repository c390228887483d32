/** Both ends of one framed stream over a simulated connection. */

import type { FrameStream, NetProtocol, PeerIdText } from '@kithmesh/net'
import { NetError } from '../../../packages/net/src/errors.ts'
import { createTurns } from '../../../packages/net/src/framing/turns.ts'
import { type Carry, createHalf, type Half } from './half.ts'

/** One end of a stream. */
export interface StreamEnd {
  readonly stream: FrameStream
  readonly isOpen: boolean
  /** This end noticed that the connection under it is gone. */
  lose(): void
  /** Nobody reads this end any more. */
  dropIncoming(): void
}

/** What both ends are made from. */
export interface StreamParts {
  readonly opener: PeerIdText
  readonly answerer: PeerIdText
  readonly path: FrameStream['path']
  readonly protocols: { readonly opener: NetProtocol; readonly answerer: NetProtocol }
  /** From the opener, and to it. */
  readonly there: Carry
  readonly back: Carry
}

/** A stream between two peers. */
export function createStream(parts: StreamParts): {
  readonly opener: StreamEnd
  readonly answerer: StreamEnd
} {
  const there = createHalf(parts.there)
  const back = createHalf(parts.back)
  const { path, protocols } = parts
  return {
    opener: endOf({
      peer: parts.answerer,
      path,
      protocol: protocols.opener,
      out: there,
      incoming: back,
      carry: parts.there,
    }),
    answerer: endOf({
      peer: parts.opener,
      path,
      protocol: protocols.answerer,
      out: back,
      incoming: there,
      carry: parts.back,
    }),
  }
}

interface EndParts {
  readonly peer: PeerIdText
  readonly path: FrameStream['path']
  readonly protocol: NetProtocol
  readonly out: Half
  readonly incoming: Half
  readonly carry: Carry
}

function endOf({ peer, path, protocol, out, incoming, carry }: EndParts): StreamEnd {
  const inTurn = createTurns()
  let isClosing = false
  /** A reset is known at this end at once, and at the other behind the frames before it. */
  const abort = (reason: Error): void => {
    out.failWriter(reason)
    incoming.failReader(reason)
    carry(undefined, () => {
      out.failReader(reset())
      incoming.failWriter(reset())
    })
  }
  return {
    stream: {
      peer,
      path,
      incoming: limited(incoming, protocol, abort),
      send: async (frame, { signal } = {}) => {
        if (frame.length > protocol.maxFrameBytes) throw tooLong(frame, protocol)
        await inTurn(async () => {
          if (isClosing) throw new NetError('ERR_STREAM_CLOSED', 'This end is closed')
          await out.push(frame, signal)
        }, signal)
      },
      close: ({ signal } = {}) =>
        inTurn(async () => {
          isClosing = true
          out.end()
        }, signal),
      abort,
    },
    get isOpen() {
      return out.isWritable || incoming.isReadable
    },
    lose: () => {
      out.failWriter(reset())
      incoming.failReader(reset())
    },
    dropIncoming: () => incoming.drop(),
  }
}

/** Each end keeps its own limit: a peer may run another version of a protocol. */
async function* limited(
  frames: AsyncIterable<Uint8Array>,
  protocol: NetProtocol,
  abort: (reason: Error) => void,
): AsyncGenerator<Uint8Array, void, undefined> {
  for await (const frame of frames) {
    if (frame.length > protocol.maxFrameBytes) {
      abort(tooLong(frame, protocol))
      throw tooLong(frame, protocol)
    }
    yield frame
  }
}

function tooLong({ length }: Uint8Array, { maxFrameBytes }: NetProtocol): NetError {
  return new NetError('ERR_FRAME_TOO_LONG', `${length} bytes, ${maxFrameBytes} allowed`)
}

function reset(): NetError {
  return new NetError('ERR_STREAM_RESET', 'The stream was reset')
}
