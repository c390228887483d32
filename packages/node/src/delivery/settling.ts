import type { MessageId } from '@kithmesh/protocol'
import type { Staged } from '../staged.ts'
import type { Delivery, Reached } from './delivery.ts'
import type { OnSibling } from './on-sibling.ts'
import type { Outbox } from './outbox.ts'
import type { Undelivered } from './undelivered.ts'

/**
 * What belongs into the batch that says which devices have which of our messages. `placed`: messages of the same
 * batch whose places tell who has them (DEL-70).
 */
export type Settle = (
  reached: readonly Reached[],
  placed?: ReadonlySet<MessageId>,
) => Promise<readonly Staged[]>

/**
 * Whoever reached a device, this one by an ack or a sibling by its word in the account log: the state is
 * kept, nothing waits for that device any more, and what all have leaves the index (DEL-28).
 */
export function createSettling(parts: {
  readonly delivery: Pick<Delivery, 'stage'>
  readonly outbox: Pick<Outbox, 'stageReached'>
  readonly undelivered: Pick<Undelivered, 'stageReached'>
  readonly onSibling: Pick<OnSibling, 'stageForget'>
}): Settle {
  const { delivery, outbox, undelivered, onSibling } = parts
  return async (reached, placed) => {
    const index = await undelivered.stageReached(reached)
    const places = onSibling.stageForget(reached.map(({ message }) => message))
    return [outbox.stageReached(reached), index, places, delivery.stage(reached, placed)]
  }
}
