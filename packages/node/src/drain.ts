import type { DeviceId } from '@kithmesh/protocol'
import type { DeviceContext } from './context.ts'
import { createLane, type Lane, type LaneParts } from './lane.ts'
import type { Peers } from './peers.ts'
import { MESSAGE } from './protocols.ts'
import { retry } from './retry.ts'
import { createRounds } from './rounds.ts'

/**
 * Empties the outbox towards every device that is connected and known, as long as it is: one stream
 * per recipient, opened when there is something for it and kept while the connection stands.
 */
export function startDrain(
  context: DeviceContext,
  parts: LaneParts & { readonly peers: Peers },
): void {
  const { net, signal } = context
  const { outbox, peers } = parts
  const lanes = new Map<DeviceId, Lane>()

  peers.events.addEventListener('peer:known', ({ detail }) => serve(detail.device), { signal })
  outbox.events.addEventListener('outbox:added', ({ detail }) => serve(detail.recipient), {
    signal,
  })

  const attend = createRounds((device: DeviceId, asked) =>
    retry(context, {
      what: 'a lane',
      attempt: () => run(device),
      wanted: () => peers.accountOf(device) !== undefined,
      asked,
    }),
  )

  function serve(device: DeviceId): void {
    lanes.get(device)?.wake()
    void attend(device)
  }

  /** Runs a lane until the recipient ends it; without anything to send there is none. */
  async function run(device: DeviceId): Promise<void> {
    const account = peers.accountOf(device)
    if (!account || !(await outbox.hasFor(device))) return
    const stream = await net.open(device, MESSAGE, { signal })
    const lane = createLane(context, parts, { stream, recipient: { account, device } })
    lanes.set(device, lane)
    try {
      await lane.run()
    } finally {
      lanes.delete(device)
    }
  }
}
