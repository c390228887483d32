import type { Connection, Stream } from '@libp2p/interface'
import { hostOf, isWebRtc, pathOf } from '../addresses.ts'
import type { NetLogger } from '../environment.ts'
import { NetError } from '../errors.ts'
import type { Host } from '../host.ts'
import type { FrameStream, NetProtocol, PeerIdText } from '../net.ts'
import { isBetter } from '../ways/connections.ts'
import { createFrameStream, tooManyStreams } from './frame-stream.ts'
import { asNetError } from './stream-errors.ts'

/** Opens streams to peers and answers theirs. */
export interface Streams {
  serve(protocol: NetProtocol, answer: (stream: FrameStream) => Promise<void>): void
  open(
    peer: PeerIdText,
    protocol: NetProtocol,
    options: { readonly signal: AbortSignal },
  ): Promise<FrameStream>
  /** Tells the streams of a peer that take a worse way than they could (rule NET-55). */
  outdate(peer: PeerIdText): void
  /** Resets every stream that is open, and answers no more. */
  stop(): void
}

/** What streams are made from. */
export interface StreamsParts {
  readonly host: Host
  readonly logger: NetLogger
  /** Something came over a connection. */
  onActivity(connection: Connection): void
  /** Something was sent over a connection, and will be answered if it leads somewhere. */
  onSend(connection: Connection): void
  /** Whether an IP address is one of this machine's. */
  isOwnHost(ip: string): boolean
  /** The best connection that stands. */
  best(peer: PeerIdText): Connection | undefined
  /** The best connection to a peer, dialled when there is none. */
  connect(peer: PeerIdText, signal: AbortSignal): Promise<Connection>
}

/** A peer that does not agree on a stream within this time is taken for gone. */
const OPEN_TIMEOUT = 6_000

/** How long an answered peer may take to end its half before the stream is dropped. */
const LINGER_MS = 10_000

/** Makes the streams of one host. */
export function createStreams(parts: StreamsParts): Streams {
  const { host, logger } = parts
  const open = new Set<Stream>()
  const ways = new Map<Stream, Way>()
  const counts = new Map<string, number>()
  const stopped = new AbortController()

  /** Another device on this machine is near, also where the machine has a public address (NET-30). */
  const wayOf = ({ remoteAddr }: Connection): FrameStream['path'] => {
    const path = pathOf(remoteAddr)
    const isHere = path === 'direct' && !isWebRtc(remoteAddr) && parts.isOwnHost(hostOf(remoteAddr))
    return isHere ? 'lan' : path
  }

  /** Only once somebody reads the stream: to a first listener goes what came before it. */
  const track = (stream: Stream, way: Way): void => {
    const { connection } = way
    open.add(stream)
    ways.set(stream, way)
    for (const sign of ['message', 'drain'] as const) {
      stream.addEventListener(sign, () => parts.onActivity(connection))
    }
    const forget = (): void => {
      open.delete(stream)
      ways.delete(stream)
    }
    stream.addEventListener('close', forget)
    if (stream.status !== 'open') forget()
  }

  /** Streams of one peer and protocol over all its connections (rule NET-15). */
  const isWithinLimit = (stream: Stream, peer: PeerIdText, protocol: NetProtocol): boolean => {
    const key = `${peer} ${protocol.id}`
    const count = counts.get(key) ?? 0
    if (count >= protocol.maxStreamsPerPeer) return false
    counts.set(key, count + 1)
    stream.addEventListener('close', () => {
      const left = (counts.get(key) ?? 1) - 1
      if (left === 0) counts.delete(key)
      else counts.set(key, left)
    })
    return true
  }

  const accept = async (
    stream: Stream,
    connection: Connection,
    { protocol, answer }: Served,
  ): Promise<void> => {
    const peer = connection.remotePeer.toString()
    if (stopped.signal.aborted) return stream.abort(netStopped())
    if (!isWithinLimit(stream, peer, protocol)) return stream.abort(tooManyStreams(protocol))
    const outdated = new AbortController()
    const frames = createFrameStream({
      stream,
      peer,
      path: wayOf(connection),
      protocol,
      outdated: outdated.signal,
      onSend: () => parts.onSend(connection),
    })
    track(stream, { connection, outdated })
    try {
      await answer(frames)
      await finish(stream, frames)
    } catch (error) {
      const failure = asNetError(error)
      logger.debug('a stream was answered with a failure', {
        protocol: protocol.id,
        code: failure.code,
      })
      frames.abort(failure)
    }
  }

  return {
    serve: (protocol, answer) => {
      host
        .handle(
          protocol.id,
          (stream, connection) => {
            void accept(stream, connection, { protocol, answer })
          },
          streamLimits(protocol),
        )
        .catch((error: Error) => logger.warn('a protocol is not served', { reason: error.name }))
    },
    open: async (peer, protocol, { signal }) => {
      for (let attempt = 1; ; attempt += 1) {
        if (stopped.signal.aborted) throw netStopped()
        const connection = await parts.connect(peer, AbortSignal.any([signal, stopped.signal]))
        try {
          parts.onSend(connection)
          const stream = await openOn(connection, protocol, signal)
          const path = wayOf(connection)
          const onSend = (): void => parts.onSend(connection)
          const way = { connection, outdated: new AbortController() }
          const frames = createFrameStream({
            ...{ stream, peer, path, protocol, onSend },
            outdated: way.outdated.signal,
          })
          track(stream, way)
          return frames
        } catch (error) {
          signal.throwIfAborted()
          // a connection may have gone without our knowing: once more, over another
          if (attempt > 1 || connection.status === 'open') throw openFailure(error)
        }
      }
    },
    outdate: (peer) => {
      const best = parts.best(peer)
      if (best === undefined) return
      for (const { connection, outdated } of ways.values()) {
        if (connection.remotePeer.toString() !== peer) continue
        if (isBetter(pathOf(best.remoteAddr), pathOf(connection.remoteAddr))) outdated.abort()
      }
    },
    stop: () => {
      stopped.abort(netStopped())
      for (const stream of [...open]) stream.abort(netStopped())
    },
  }
}

/** The connection a stream takes, and whom to tell when there is a better one. */
interface Way {
  readonly connection: Connection
  readonly outdated: AbortController
}

interface Served {
  readonly protocol: NetProtocol
  readonly answer: (stream: FrameStream) => Promise<void>
}

function openOn(
  connection: Connection,
  protocol: NetProtocol,
  signal: AbortSignal,
): Promise<Stream> {
  return connection.newStream(protocol.id, {
    signal: AbortSignal.any([signal, AbortSignal.timeout(OPEN_TIMEOUT)]),
    ...streamLimits(protocol),
  })
}

function streamLimits({ maxStreamsPerPeer }: NetProtocol): {
  readonly maxInboundStreams: number
  readonly maxOutboundStreams: number
  readonly runOnLimitedConnection: true
} {
  return {
    maxInboundStreams: maxStreamsPerPeer,
    maxOutboundStreams: maxStreamsPerPeer,
    // a relay that limits its circuits still carries what fits
    runOnLimitedConnection: true,
  }
}

/** Ends our half, then gives the peer a while to end its own: nobody reads what it still sends. */
async function finish(stream: Stream, frames: FrameStream): Promise<void> {
  const signal = AbortSignal.timeout(LINGER_MS)
  await frames.close({ signal })
  if (stream.status !== 'open') return
  await stream.closeRead({ signal })
  await new Promise<void>((resolve) => {
    stream.addEventListener('close', () => resolve())
    signal.addEventListener('abort', () => resolve())
    if (stream.status !== 'open') resolve()
  })
  if (stream.status === 'open') frames.abort(new NetError('ERR_STREAM_CLOSED', 'It was answered'))
}

/** No answer within the time is the peer's or the path's silence, whatever the stream calls it. */
function openFailure(error: unknown): NetError {
  if (error instanceof Error && error.name === 'TimeoutError') {
    return new NetError('ERR_UNREACHABLE', 'It is connected but does not answer', { cause: error })
  }
  return asNetError(error)
}

function netStopped(): NetError {
  return new NetError('ERR_NET_STOPPED', 'The network of this device was stopped')
}
