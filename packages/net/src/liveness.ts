import type { Connection } from '@libp2p/interface'

/** libp2p's ping (https://github.com/libp2p/specs/blob/master/ping/ping.md); every host answers it. */
const PING_PROTOCOL = '/ipfs/ping/1.0.0'

/** Longer than any living path takes that is not busy; over three relays on two continents it is 2 s. */
const ANSWER_MS = 3_500

/**
 * Asks a connection for a sign of life and drops it when none comes (rule NET-26). For the moments
 * when the network changed or the machine slept: the peer may be gone without a word.
 */
export async function dropWhenDead(
  connection: Connection,
  { signal }: { signal: AbortSignal },
): Promise<void> {
  const limit = AbortSignal.any([signal, AbortSignal.timeout(ANSWER_MS)])
  try {
    // opening a stream is a round trip: the peer has to agree on the protocol
    const stream = await connection.newStream(PING_PROTOCOL, {
      signal: limit,
      runOnLimitedConnection: true,
    })
    await stream.close({ signal: limit })
  } catch (error) {
    if (signal.aborted || isRefusal(error)) return
    connection.abort(error instanceof Error ? error : new Error(String(error)))
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
