import type { FrameStream } from '@kithmesh/net'
import { type AccountId, type DeviceId, KithError, parseDeviceId } from '@kithmesh/protocol'
import type { DeviceContext } from '../context.ts'
import type { Peers } from '../greeting/peers.ts'
import { MESSAGE } from '../protocols.ts'
import { retry } from '../retry.ts'
import { createRounds } from '../rounds.ts'
import { createLane, type Lane, type LaneParts } from './lane.ts'

/** The outbox on its way to the devices it is for. */
export interface Drain {
  /** Another account may be held now, or no longer: stops what must not leave, goes on with the rest. */
  reconsider(): void
}

/**
 * Empties the outbox towards every device that is connected and known, as long as it is: one stream
 * per recipient, opened when there is something for it and kept while the connection stands.
 */
export function startDrain(
  context: DeviceContext,
  parts: LaneParts & {
    readonly peers: Pick<Peers, 'events' | 'accountOf'>
    /** Accounts to which nothing is sent until a person accepts them (DEL-17). */
    readonly isHeld?: (account: AccountId) => boolean
  },
): Drain {
  const { net, signal } = context
  const { outbox, logs, peers, isHeld = () => false } = parts
  const lanes = new Map<DeviceId, Running>()

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
    lanes.get(device)?.lane.wake()
    void attend(device)
  }

  /** Runs a lane until the recipient ends it; without anything to send there is none. */
  async function run(device: DeviceId): Promise<void> {
    const account = peers.accountOf(device)
    if (!account || isHeld(account) || logs.accountOf(device) !== account) return
    if (!(await outbox.hasFor(device))) return
    const stream = await net.open(device, MESSAGE, { signal })
    // It may have become held while the stream was opened.
    if (isHeld(account)) return stream.abort(held())
    const lane = createLane(context, parts, { stream, recipient: { account, device } })
    lanes.set(device, { account, stream, lane })
    stream.outdated?.addEventListener('abort', lane.finish, { once: true })
    if (stream.outdated?.aborted) lane.finish()
    try {
      await lane.run()
    } finally {
      lanes.delete(device)
    }
  }

  function reconsider(): void {
    for (const { account, stream } of lanes.values()) if (isHeld(account)) stream.abort(held())
    for (const peer of net.connected()) serve(parseDeviceId(peer))
  }

  return { reconsider }
}

/** A lane, and what can end it from outside. */
interface Running {
  readonly account: AccountId
  readonly stream: FrameStream
  readonly lane: Lane
}

function held(): KithError {
  return new KithError('ERR_CONTACT_CHANGED', 'the contact has a new account')
}
