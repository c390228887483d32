import type { FrameStream, NetProtocol } from '@kithmesh/net'
import { KithError } from '@kithmesh/protocol'
import type { DeviceContext } from './context.ts'
import { toError } from './faults.ts'

/** Where a conversation leads, and who may give it up. */
export interface StreamTo {
  readonly peer: string
  readonly protocol: NetProtocol
  readonly signal?: AbortSignal | undefined
}

/**
 * One conversation that a person asked for, over one stream from its opening to its end. It ends at once when
 * they give it up (DEV-16) or when this device stops (NODE-13), whatever it waits for; `task` is told by its signal.
 *
 * @throws ERR_UNREACHABLE, what `task` throws, or the reason for which it ended early
 */
export async function overStream<T>(
  { net, signal: stopping }: Pick<DeviceContext, 'net' | 'signal'>,
  { signal, ...to }: StreamTo,
  task: (stream: FrameStream, options: { readonly signal: AbortSignal }) => Promise<T>,
): Promise<T> {
  const ends = signal ? AbortSignal.any([signal, stopping]) : stopping
  const stream = await open(net, to, ends)
  const abort = (): void => stream.abort(toError(ends.reason))
  ends.addEventListener('abort', abort)
  try {
    ends.throwIfAborted()
    const result = await task(stream, { signal: ends })
    await stream.close({ signal: ends }).catch(() => undefined)
    return result
  } catch (error) {
    stream.abort(toError(error))
    throw ends.aborted ? toError(ends.reason) : error
  } finally {
    ends.removeEventListener('abort', abort)
  }
}

/** Says what a person can do when nobody answers. */
async function open(
  net: DeviceContext['net'],
  { peer, protocol }: StreamTo,
  signal: AbortSignal,
): Promise<FrameStream> {
  try {
    return await net.open(peer, protocol, { signal })
  } catch (cause) {
    if (signal.aborted) throw toError(signal.reason)
    throw new KithError('ERR_UNREACHABLE', 'the other device cannot be reached', {
      cause,
      hint: 'Check that it is on, and that both are in one network or use a relay.',
    })
  }
}
