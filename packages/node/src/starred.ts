import { KithError, type MessageId } from '@kithmesh/protocol'
import type { AccountData, EventSource } from '@kithmesh/sync'
import type { AccountState } from './account/account-state.ts'
import type { NodeEvents } from './api/events.ts'
import type { CallOptions } from './api/options.ts'
import type { Chats } from './chats.ts'
import type { DeviceContext } from './context.ts'

/** Starred items: a set of message ids in the account data. */
export interface Starred {
  has(message: MessageId): boolean
  /** @throws ERR_NOT_FOUND */
  add(message: MessageId, options?: CallOptions): Promise<void>
  remove(message: MessageId, options?: CallOptions): Promise<void>
  /** Newest star first. */
  ids(): readonly MessageId[]
}

/** Stars of one account; local and remote changes come out of the same observer. */
export function createStarred(
  context: DeviceContext,
  parts: {
    readonly state: AccountState
    readonly chats: Chats
    readonly events: EventSource<NodeEvents>
  },
): Starred {
  const { state, chats } = parts
  const stars: AccountData['starred'] = state.data.starred

  state.data.events.addEventListener(
    'starred:changed',
    ({ detail }) => parts.events.emit('starred:changed', detail),
    { signal: context.signal },
  )

  async function add(message: MessageId, { signal }: CallOptions = {}): Promise<void> {
    signal?.throwIfAborted()
    if (!(await chats.has(message))) {
      throw new KithError('ERR_NOT_FOUND', 'this device does not hold that message')
    }
    await state.edit(() => stars.add(message, context.clock.now()))
  }

  async function remove(message: MessageId, { signal }: CallOptions = {}): Promise<void> {
    signal?.throwIfAborted()
    await state.edit(() => stars.remove(message))
  }

  return {
    has: (message) => stars.has(message),
    add,
    remove,
    ids: () => stars.list().map((star) => star.message),
  }
}
