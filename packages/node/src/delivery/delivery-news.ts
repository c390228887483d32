import type { AccountId, MessageId } from '@kithmesh/protocol'
import type { DeliveryState } from '../api/messages.ts'
import type { CallOptions } from '../api/options.ts'
import type { StoredContent } from '../chats.ts'
import type { DeviceContext } from '../context.ts'
import type { DeliveryStates } from './delivery-states.ts'

/** Every change of a delivery state, from the current one until all devices are reached, or it ended. */
export async function* followDelivery(
  context: Pick<DeviceContext, 'signal'>,
  states: DeliveryStates,
  {
    stored,
    contact,
    signal,
  }: CallOptions & { readonly stored: StoredContent; readonly contact: AccountId },
): AsyncIterable<DeliveryState> {
  let wake = Promise.withResolvers<void>()
  const onChange = (): void => wake.resolve()
  const done = new AbortController()
  const ends = AbortSignal.any([done.signal, context.signal, ...(signal ? [signal] : [])])
  states.events.addEventListener(
    'delivery:changed',
    ({ detail }) => {
      if (detail.message === stored.message) onChange()
    },
    { signal: ends },
  )
  ends.addEventListener('abort', onChange)
  try {
    let shown = ''
    while (!ends.aborted) {
      wake = Promise.withResolvers<void>()
      const state = await states.stateOf(stored, contact)
      const now = JSON.stringify(state)
      if (now !== shown) yield state
      shown = now
      if (isOver(state)) return
      await wake.promise
    }
  } finally {
    done.abort()
  }
}

/** Nothing more can come of it but that it is read. */
function isOver({ reached, of, state }: DeliveryState): boolean {
  return state === 'ended' || (of > 0 && reached >= of)
}

/** Told of in one go; the rest comes right after. */
const MAX_TOLD = 512

/**
 * Calls `tell` with the messages whose delivery has changed: once for what changes at once, as by an ack or a
 * page of history, and one call after another, so that what was told last is how it is. `isTold`: it is being
 * told of with all that is published now.
 */
export function announceDeliveries(
  context: Pick<DeviceContext, 'signal' | 'logger'>,
  {
    states,
    isTold,
  }: { readonly states: DeliveryStates; readonly isTold: (message: MessageId) => boolean },
  tell: (messages: readonly MessageId[]) => Promise<void>,
): void {
  const changed = new Set<MessageId>()
  let isTelling = false

  states.events.addEventListener(
    'delivery:changed',
    ({ detail: { message } }) => {
      if (isTold(message)) return
      changed.add(message)
      if (!isTelling) void tellAll()
    },
    { signal: context.signal },
  )

  async function tellAll(): Promise<void> {
    isTelling = true
    // One turn later: what changes at once is told of once.
    await Promise.resolve()
    while (changed.size > 0) {
      const messages = [...changed].slice(0, MAX_TOLD)
      for (const message of messages) changed.delete(message)
      // as when the device stops just after an ack: the store is closed, and nobody looks any more
      await tell(messages).catch(() => context.logger.warn('a delivery could not be shown'))
    }
    isTelling = false
  }
}
