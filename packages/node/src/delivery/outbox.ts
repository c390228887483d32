import type { DeviceId, MessageId } from '@kithmesh/protocol'
import { createEvents, type TypedEvents } from '@kithmesh/sync'
import type { DeviceContext } from '../context.ts'
import type { Staged } from '../staged.ts'

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
  /** Puts an envelope in place of an entry's earlier one, or none; does nothing when the entry was removed. */
  stageSealed(entry: OutboxEntry, envelope: Uint8Array | undefined): Staged
  stageRemove(entries: readonly OutboxEntry[]): Staged
  /** All that waits for a device, in order. */
  allFor(recipient: DeviceId): Promise<readonly OutboxEntry[]>
  /** Devices that something waits for. */
  recipients(): Promise<readonly DeviceId[]>
  /** The next entries for a device behind `after`, in order, at most `limit`. */
  pageFor(recipient: DeviceId, after: number, limit: number): Promise<readonly OutboxEntry[]>
  hasFor(recipient: DeviceId): Promise<boolean>
  /** Entries waiting in all. */
  size(): number
}

/** Entries read at once where all are wanted; each may hold an envelope. */
const PAGE = 64

/** Opens the outbox on disk. */
export async function openOutbox(context: DeviceContext): Promise<Outbox> {
  const { tables } = context
  const events = createEvents<OutboxEvents>()
  let lastOrder = 0
  /** Orders of what waits: an entry may be removed by two at once, as by its ack and with its device. */
  const waiting = new Set<number>()
  /** Orders of what is in the store, or handed to it: an entry that is removed does not come back. */
  const present = new Set<number>()
  for await (const [[, order]] of tables.outbox.entries()) {
    waiting.add(order)
    present.add(order)
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

  async function allFor(recipient: DeviceId): Promise<readonly OutboxEntry[]> {
    const all: OutboxEntry[] = []
    for (let page = await pageFor(recipient, 0, PAGE); page.length > 0; ) {
      all.push(...page.map(({ envelope: _, ...entry }) => entry))
      page = await pageFor(recipient, page.at(-1)?.order ?? 0, PAGE)
    }
    return all
  }

  async function recipients(): Promise<readonly DeviceId[]> {
    const found = new Set<DeviceId>()
    for await (const [[recipient]] of tables.outbox.entries()) found.add(recipient)
    return [...found]
  }

  return {
    events,
    allFor,
    recipients,
    stageAdd: ({ recipient, ...entry }) => {
      const order = ++lastOrder
      return {
        ops: () => {
          present.add(order)
          return [tables.outbox.put([recipient, order], entry)]
        },
        publish: () => {
          waiting.add(order)
          events.emit('outbox:added', { recipient })
        },
        discard: () => void present.delete(order),
      }
    },
    stageSealed: ({ recipient, order, message }, envelope) => ({
      ops: () => {
        const sealed = { message, ...(envelope ? { envelope } : {}) }
        return present.has(order) ? [tables.outbox.put([recipient, order], sealed)] : []
      },
    }),
    stageRemove: (entries) => ({
      ops: () => {
        for (const { order } of entries) present.delete(order)
        return entries.map(({ recipient, order }) => tables.outbox.delete([recipient, order]))
      },
      publish: () => {
        for (const { order } of entries) waiting.delete(order)
      },
      discard: () => {
        for (const { order } of entries) if (waiting.has(order)) present.add(order)
      },
    }),
    pageFor,
    hasFor: async (recipient) => (await pageFor(recipient, 0, 1)).length > 0,
    size: () => waiting.size,
  }
}
