import type { DeviceId, MessageId } from '@kithmesh/protocol'
import { createEvents, type TypedEvents } from '@kithmesh/sync'
import type { DeviceContext } from './context.ts'
import { type Staged, stagedOps } from './staged.ts'

/** One content on its way to one device. */
export interface OutboxEntry {
  /** Place in the queue of its recipient: smaller leaves first. */
  readonly order: number
  readonly recipient: DeviceId
  readonly message: MessageId
  /** The sealed bytes, resent as they are (DEL-4). Missing while the recipient has no card here yet. */
  readonly envelope?: Uint8Array
}

/** `detail` by event name. */
export interface OutboxEvents {
  /** Something waits for this device that did not before. */
  'outbox:added': { readonly recipient: DeviceId }
}

/** What has not reached its devices yet, on disk, by recipient and order. */
export interface Outbox {
  readonly events: TypedEvents<OutboxEvents>
  stageAdd(entry: Omit<OutboxEntry, 'order'>): Staged
  /** Puts an envelope in place of an entry's earlier one, or of none. */
  stageSealed(entry: OutboxEntry, envelope: Uint8Array | undefined): Staged
  stageRemove(entries: readonly OutboxEntry[]): Staged
  /** The next entries for a device behind `after`, in order, at most `limit`. */
  pageFor(recipient: DeviceId, after: number, limit: number): Promise<readonly OutboxEntry[]>
  hasFor(recipient: DeviceId): Promise<boolean>
  /** Entries waiting in all. */
  size(): number
}

/** Opens the outbox on disk. */
export async function openOutbox(context: DeviceContext): Promise<Outbox> {
  const { tables } = context
  const events = createEvents<OutboxEvents>()
  let lastOrder = 0
  let size = 0
  for await (const [[, order]] of tables.outbox.entries()) {
    size++
    lastOrder = Math.max(lastOrder, order)
  }

  async function pageFor(
    recipient: DeviceId,
    after: number,
    limit: number,
  ): Promise<readonly OutboxEntry[]> {
    const page: OutboxEntry[] = []
    const range = { prefix: [recipient], gt: [recipient, after], limit } as const
    for await (const [[, order], entry] of tables.outbox.entries(range)) {
      page.push({ recipient, order, ...entry })
    }
    return page
  }

  return {
    events,
    stageAdd: ({ recipient, ...entry }) => {
      const order = ++lastOrder
      return {
        ops: () => [tables.outbox.put([recipient, order], entry)],
        publish: () => {
          size++
          events.emit('outbox:added', { recipient })
        },
      }
    },
    stageSealed: ({ recipient, order, message }, envelope) =>
      stagedOps(
        tables.outbox.put([recipient, order], { message, ...(envelope ? { envelope } : {}) }),
      ),
    stageRemove: (entries) => ({
      ops: () => entries.map(({ recipient, order }) => tables.outbox.delete([recipient, order])),
      publish: () => {
        size -= entries.length
      },
    }),
    pageFor,
    hasFor: async (recipient) => (await pageFor(recipient, 0, 1)).length > 0,
    size: () => size,
  }
}
