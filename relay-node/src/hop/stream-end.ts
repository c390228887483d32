import type { Stream } from '@libp2p/interface'

/** A stream that was answered is closed by both sides in this time, or reset. */
const CLOSE_TIMEOUT_MS = 5_000

/** Sees a stream closed in time by both sides, or resets it. */
export async function closeInTime(stream: Stream): Promise<void> {
  const signal = AbortSignal.timeout(CLOSE_TIMEOUT_MS)
  const onTimeout = (): void => stream.abort(new Error('The stream was not closed in time'))
  signal.addEventListener('abort', onTimeout)
  stream.addEventListener('close', () => signal.removeEventListener('abort', onTimeout))
  try {
    await stream.close({ signal })
  } catch {
    // gone while we closed it: nobody is left to tell
  }
}
