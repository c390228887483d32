import type { AccountId, DeviceId, MessageId } from '@kithmesh/protocol'
import { createEvents, type TypedEvents } from '@kithmesh/sync'
import type { DeviceLogs } from '../account/device-logs.ts'
import type { DeliveryState } from '../api.ts'
import type { DeviceContext } from '../context.ts'
import type { Staged } from '../staged.ts'

/** One device of the recipient has a message on its disk. */
export interface Reached {
  readonly message: MessageId
  readonly device: DeviceId
}

/** `detail` by event name. */
export interface DeliveryEvents {
  'delivery:changed': { readonly message: MessageId }
}

/** Which devices of the recipient hold which of our messages: from their acks, and from siblings. */
export interface Delivery {
  readonly events: TypedEvents<DeliveryEvents>
  stateOf(message: MessageId, recipient: AccountId): Promise<DeliveryState>
  stage(reached: readonly Reached[]): Staged
  /** The devices of some are others than before: their states are asked for again. */
  recount(messages: readonly MessageId[]): void
}

/** Messages whose state is kept in memory; some 100 bytes each. */
const MAX_RECENT = 4096

/** Opens the delivery states on disk. */
export function openDelivery(context: DeviceContext, logs: DeviceLogs): Delivery {
  const { tables } = context
  const events = createEvents<DeliveryEvents>()
  /** Messages on their way are asked for at each ack; the newest are kept at hand. */
  const recent = new Map<MessageId, Promise<Set<DeviceId>>>()

  function reachedBy(message: MessageId): Promise<ReadonlySet<DeviceId>> {
    const known = recent.get(message) ?? readReached(message)
    recent.set(message, known)
    const [oldest] = recent.keys()
    if (recent.size > MAX_RECENT && oldest) recent.delete(oldest)
    return known
  }

  async function readReached(message: MessageId): Promise<Set<DeviceId>> {
    const reached = new Set<DeviceId>()
    for await (const [[, device]] of tables.reached.entries({ prefix: [message] })) {
      reached.add(device)
    }
    return reached
  }

  /** Also while it is being read: an ack that comes meanwhile is not forgotten. */
  function note({ message, device }: Reached): void {
    void recent.get(message)?.then(
      (devices) => devices.add(device),
      () => recent.delete(message),
    )
  }

  async function stateOf(message: MessageId, recipient: AccountId): Promise<DeliveryState> {
    const held = await reachedBy(message)
    // A device that is out does not count: nobody waits for it, and nobody relies on it (DEL-13).
    const devices = logs.devicesOf(recipient)
    const reached = devices.filter((device) => held.has(device))
    return { reached: reached.length, of: devices.length, read: false }
  }

  function stage(reached: readonly Reached[]): Staged {
    return {
      ops: () => reached.map(({ message, device }) => tables.reached.put([message, device], true)),
      publish: () => {
        reached.forEach(note)
        for (const message of new Set(reached.map((one) => one.message))) {
          events.emit('delivery:changed', { message })
        }
      },
    }
  }

  function recount(messages: readonly MessageId[]): void {
    for (const message of messages) events.emit('delivery:changed', { message })
  }

  return { events, stateOf, stage, recount }
}
