import type { Connection } from '@libp2p/interface'

/** libp2p's ping (https://github.com/libp2p/specs/blob/master/ping/ping.md); every host answers it. */
const PING_PROTOCOL = '/ipfs/ping/1.0.0'

/** Whether the other end gives a sign of life before the signal is aborted (rule NET-26). */
export async function isAnswered(
  connection: Connection,
  { signal }: { readonly signal: AbortSignal },
): Promise<boolean> {
  try {
    // opening a stream is a round trip: the peer has to agree on the protocol
    const stream = await connection.newStream(PING_PROTOCOL, {
      signal,
      runOnLimitedConnection: true,
    })
    await stream.close({ signal })
    return true
  } catch (error) {
    return isRefusal(error)
  }
}

/** To refuse a stream one has to be alive. */
function isRefusal(error: unknown): boolean {
  return (
    error instanceof Error &&
    [
      'UnsupportedProtocolError',
      'TooManyOutboundProtocolStreamsError',
      'StreamResetError',
    ].includes(error.name)
  )
}
