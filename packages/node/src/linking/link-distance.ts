import type { FrameStream } from '@kithmesh/net'
import { type DeviceId, parseDeviceId } from '@kithmesh/protocol'
import type { SeenDevice } from '../api/linking.ts'
import type { DeviceContext } from '../context.ts'
import { hasNearAddress } from './code-addresses.ts'

/** How long a relayed connection may take to become a direct one before the device counts as far. */
const NEAR_WAIT_MS = 2_000

/**
 * Near is who has a direct connection to a private address with us. The new device, once it has the
 * proof, looks for one as we do; a relay gets a moment to become superfluous, as long as it is wanted.
 */
export async function distanceOf(
  stream: Pick<FrameStream, 'peer' | 'path'>,
  context: DeviceContext,
  options: { readonly signal?: AbortSignal } = {},
): Promise<SeenDevice['distance']> {
  if (stream.path === 'lan') return 'near'
  const { net } = context
  if (!hasNearAddress(net)) return 'far'
  const device = parseDeviceId(stream.peer)
  return (await comesNear(device, context, options)) ? 'near' : 'far'
}

function comesNear(
  device: DeviceId,
  { net, scheduler, signal: stopping }: DeviceContext,
  { signal = stopping }: { readonly signal?: AbortSignal },
): Promise<boolean> {
  const ended = new AbortController()
  return new Promise<boolean>((resolve) => {
    const isNear = (): boolean => net.reachability(device).path === 'lan'
    if (isNear() || signal.aborted) return resolve(isNear())
    const cancel = scheduler.schedule(NEAR_WAIT_MS, () => resolve(false))
    ended.signal.addEventListener('abort', cancel)
    signal.addEventListener('abort', () => resolve(false), { signal: ended.signal })
    net.addEventListener(
      'reachability:changed',
      ({ detail }) => {
        if (detail.peer === device && isNear()) resolve(true)
      },
      { signal: ended.signal },
    )
  }).finally(() => ended.abort())
}
