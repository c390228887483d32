import type { FrameStream, Net, NetProtocol } from '@kithmesh/net'
import { KithError } from '@kithmesh/protocol'

/** Whatever was thrown, as an error. */
export function toError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown))
}

/** What may stand in a log about an error: its code, never its message (E5). */
export function codeOf(thrown: unknown): string {
  const code = thrown instanceof Error && 'code' in thrown ? thrown.code : undefined
  return typeof code === 'string' ? code : toError(thrown).name
}

/** Opens a stream for somebody who asked for it. @throws ERR_UNREACHABLE with what a person can do */
export async function openStream(
  net: Net,
  to: { readonly peer: string; readonly protocol: NetProtocol },
  options: { readonly signal?: AbortSignal } = {},
): Promise<FrameStream> {
  try {
    return await net.open(to.peer, to.protocol, options)
  } catch (cause) {
    options.signal?.throwIfAborted()
    throw new KithError('ERR_UNREACHABLE', 'the other device cannot be reached', {
      cause,
      hint: 'Check that it is on, and that both are in one network or use a relay.',
    })
  }
}
