import { NetError, type NetErrorCode } from '../errors.ts'

/** Names of libp2p's errors and what they mean to a caller of this package. */
const CODES: Readonly<Record<string, NetErrorCode>> = {
  StreamResetError: 'ERR_STREAM_RESET',
  StreamStateError: 'ERR_STREAM_CLOSED',
  StreamClosedError: 'ERR_STREAM_CLOSED',
  StreamBufferError: 'ERR_READ_OVERRUN',
  ConnectionClosedError: 'ERR_UNREACHABLE',
  MuxerClosedError: 'ERR_UNREACHABLE',
  UnsupportedProtocolError: 'ERR_PROTOCOL_UNSUPPORTED',
  TooManyOutboundProtocolStreamsError: 'ERR_TOO_MANY_STREAMS',
  TooManyInboundProtocolStreamsError: 'ERR_TOO_MANY_STREAMS',
}

/** Whatever a stream threw as a {@link NetError}; one of ours stays what it is. */
export function asNetError(error: unknown): NetError {
  if (error instanceof NetError) return error
  const name = error instanceof Error ? error.name : ''
  const code = CODES[name] ?? 'ERR_STREAM_RESET'
  return new NetError(code, 'The stream broke off', { cause: error })
}
