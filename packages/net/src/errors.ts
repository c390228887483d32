/** Every code this package throws; the README says of each when, why and what to do. */
export type NetErrorCode =
  | 'ERR_ADDRESS'
  | 'ERR_FRAME_MALFORMED'
  | 'ERR_FRAME_TOO_LONG'
  | 'ERR_KEY_NOT_EXTRACTABLE'
  | 'ERR_NET_STOPPED'
  | 'ERR_PEER_REFUSED'
  | 'ERR_PROTOCOL_UNSUPPORTED'
  | 'ERR_READ_OVERRUN'
  | 'ERR_STREAM_CLOSED'
  | 'ERR_STREAM_RESET'
  | 'ERR_TOO_MANY_STREAMS'
  | 'ERR_UNREACHABLE'

/** A failure of the network with a stable {@link NetErrorCode}; the cause is passed on. */
export class NetError extends Error {
  readonly code: NetErrorCode

  constructor(code: NetErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'NetError'
    this.code = code
  }
}

/** Whether `value` is a {@link NetError}, and one of `code` when given. */
export function isNetError(value: unknown, code?: NetErrorCode): value is NetError {
  return value instanceof NetError && (code === undefined || value.code === code)
}
