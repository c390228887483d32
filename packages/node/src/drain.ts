import type { DeviceId } from '@kithmesh/protocol'
import type { DeviceContext } from './context.ts'
import { codeOf } from './faults.ts'
import { createLane, type Lane, type LaneParts } from './lane.ts'
import type { Peers } from './peers.ts'
import { MESSAGE } from './protocols.ts'

/**
 * Empties the outbox towards every device that is connected and known, as long as it is: one stream
 * per recipient, opened when there is something for it and kept while the connection stands.
 */
export function startDrain(
  context: DeviceContext,
  parts: LaneParts & { readonly peers: Peers },
): void {
  const { net, signal, logger } = context
  const { outbox, peers } = parts
  const lanes = new Map<DeviceId, Lane>()
  const opening = new Set<DeviceId>()

  peers.events.addEventListener('peer:known', ({ detail }) => void serve(detail.device), { signal })
  outbox.events.addEventListener('outbox:added', ({ detail }) => void serve(detail.recipient), {
    signal,
  })

  async function serve(device: DeviceId): Promise<void> {
    lanes.get(device)?.wake()
    const account = peers.accountOf(device)
    if (!account || lanes.has(device) || opening.has(device)) return
    opening.add(device)
    try {
      if (!(await outbox.hasFor(device))) return
      const stream = await net.open(device, MESSAGE, { signal })
      const lane = createLane(context, parts, { stream, recipient: { account, device } })
      lanes.set(device, lane)
      await lane.run()
    } catch (error) {
      if (!signal.aborted) logger.debug('a lane ended', { code: codeOf(error) })
    } finally {
      opening.delete(device)
      lanes.delete(device)
    }
  }
}
