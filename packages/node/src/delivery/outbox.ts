import type { DeviceId, MessageId } from '@kithmesh/protocol'
import { createEvents, type TypedEvents } from '@kithmesh/sync'
import type { DeviceContext } from '../context.ts'
import type { Staged } from '../staged.ts'
import type { Reached } from './delivery.ts'
import { createFreshEntries } from './fresh-entries.ts'

/** One content on its way to one device. */
export interface OutboxEntry {
  /** Place in the queue of its recipient: smaller leaves first. */
  readonly order: number
  readonly recipient: DeviceId
  readonly message: MessageId
  /** The sealed bytes, resent as they are (DEL-4). Missing until the lane seals it (DEL-24). */
  readonly envelope?: Uint8Array
}

/** `detail` by event name. */
export interface OutboxEvents {
  /** Something waits for this device that did not before. */
  'outbox:added': { readonly recipient: DeviceId }
  /** Something that waited for this device is gone. */
  'outbox:removed': { readonly recipient: DeviceId }
}

/** What is on its way to devices, on disk, by recipient and order; what waits for others is not here yet. */
export interface Outbox {
  readonly events: TypedEvents<OutboxEvents>
  /** Does nothing when the content is on its way to the device. */
  stageAdd(entry: Omit<OutboxEntry, 'order'>): Staged
  /** Puts an envelope in place of an entry's earlier one, or none; does nothing when the entry was removed. */
  stageSealed(entry: OutboxEntry, envelope: Uint8Array | undefined): Staged
  stageRemove(entries: readonly OutboxEntry[]): Staged
  /** Removes what is on its way to devices that have it. */
  stageReached(reached: readonly Reached[]): Staged
  /** Removes contents on their way to whomever. */
  stageEnd(messages: readonly MessageId[]): Staged
  /** Whether a content is on its way to a device, or about to be. */
  has(recipient: DeviceId, message: MessageId): boolean
  /** How much is on its way to a device. */
  countFor(recipient: DeviceId): number
  /** Whether an entry was not removed since it was read. */
  isPresent(entry: OutboxEntry): boolean
  /** The place of the newest entry. */
  lastOrder(): number
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
  /** What waits: an entry may be removed by two at once, as by its ack and with its device. */
  const waiting = new Map<number, Place>()
  /** Orders of what is in the store, or handed to it: an entry that is removed does not come back. */
  const present = new Set<number>()
  const fresh = createFreshEntries()
  /** Orders of what was handed to the store, and is not told of yet. */
  const unpublished = new Set<number>()
  /** Also what is staged: a content goes to a device once. */
  const queues = new Map<DeviceId, Map<MessageId, number>>()
  for await (const [[recipient, order], { message }] of tables.outbox.entries()) {
    queueOf(recipient).set(message, order)
    waiting.set(order, { recipient, message })
    present.add(order)
    lastOrder = Math.max(lastOrder, order)
  }

  function queueOf(recipient: DeviceId): Map<MessageId, number> {
    const queue = queues.get(recipient) ?? new Map<MessageId, number>()
    queues.set(recipient, queue)
    return queue
  }

  function leave({ recipient, message }: Place): void {
    const queue = queueOf(recipient)
    queue.delete(message)
    if (queue.size === 0) queues.delete(recipient)
  }

  function stageAdd({ recipient, ...entry }: Omit<OutboxEntry, 'order'>): Staged {
    const place = { recipient, message: entry.message }
    if (queues.get(recipient)?.has(entry.message)) return { ops: () => [] }
    queueOf(recipient).set(entry.message, 0)
    let order = 0
    return {
      // The place is taken with the batch: a lane must not read past what comes to the disk later (DEL-15).
      ops: () => {
        order = ++lastOrder
        present.add(order)
        unpublished.add(order)
        queueOf(recipient).set(entry.message, order)
        return [tables.outbox.put([recipient, order], entry)]
      },
      publish: () => {
        waiting.set(order, place)
        unpublished.delete(order)
        fresh.add({ recipient, order, ...entry })
        events.emit('outbox:added', { recipient })
      },
      discard: () => {
        present.delete(order)
        unpublished.delete(order)
        if (!waiting.has(order)) leave(place)
      },
    }
  }

  function stageRemove(entries: readonly Omit<OutboxEntry, 'envelope'>[]): Staged {
    return {
      ops: () => {
        for (const { order } of entries) present.delete(order)
        return entries.map(({ recipient, order }) => tables.outbox.delete([recipient, order]))
      },
      publish: () => {
        const gone = entries.filter(({ order }) => waiting.delete(order))
        gone.forEach(leave)
        gone.forEach(fresh.remove)
        for (const recipient of new Set(gone.map((entry) => entry.recipient))) {
          events.emit('outbox:removed', { recipient })
        }
      },
      discard: () => {
        for (const { order } of entries) if (waiting.has(order)) present.add(order)
      },
    }
  }

  function stageSealed(
    { recipient, order, message }: OutboxEntry,
    envelope: Uint8Array | undefined,
  ): Staged {
    const sealed = { message, ...(envelope ? { envelope } : {}) }
    return {
      ops: () => (present.has(order) ? [tables.outbox.put([recipient, order], sealed)] : []),
      publish: () => fresh.replace({ recipient, order, ...sealed }),
    }
  }

  function placesOf({ message, device }: Reached): readonly Omit<OutboxEntry, 'envelope'>[] {
    const order = queues.get(device)?.get(message)
    return order ? [{ recipient: device, message, order }] : []
  }

  async function pageFor(
    recipient: DeviceId,
    after: number,
    limit: number,
  ): Promise<readonly OutboxEntry[]> {
    const held = freshPage(recipient, after)
    if (held) return held.slice(0, limit)
    const page: OutboxEntry[] = []
    const range = { prefix: [recipient], gt: [recipient, after], limit } as const
    for await (const [[, order], entry] of tables.outbox.entries(range)) {
      page.push({ recipient, order, ...entry })
    }
    return page
  }

  /** Only as far as everything before is told of: a lane does not come back to what it passed (DEL-15). */
  function freshPage(recipient: DeviceId, after: number): readonly OutboxEntry[] | undefined {
    const [first = Number.POSITIVE_INFINITY] = unpublished
    return fresh
      .behind(recipient, after)
      ?.filter(({ order }) => order < first && present.has(order))
  }

  async function allFor(recipient: DeviceId): Promise<readonly OutboxEntry[]> {
    const all: OutboxEntry[] = []
    for (let page = await pageFor(recipient, 0, PAGE); page.length > 0; ) {
      all.push(...page.map(({ envelope: _, ...entry }) => entry))
      page = await pageFor(recipient, page.at(-1)?.order ?? 0, PAGE)
    }
    return all
  }

  return {
    events,
    stageAdd,
    stageSealed,
    stageRemove,
    stageReached: (reached) => stageRemove(reached.flatMap(placesOf)),
    stageEnd: (messages) => {
      const devices = [...queues.keys()]
      const all = messages.flatMap((message) => devices.map((device) => ({ message, device })))
      return stageRemove(all.flatMap(placesOf))
    },
    has: (recipient, message) => queues.get(recipient)?.has(message) ?? false,
    countFor: (recipient) => queues.get(recipient)?.size ?? 0,
    isPresent: ({ order }) => present.has(order),
    lastOrder: () => lastOrder,
    allFor,
    recipients: async () => [...queues.keys()],
    pageFor,
    hasFor: async (recipient) => (queues.get(recipient)?.size ?? 0) > 0,
    size: () => waiting.size,
  }
}

/** Where an entry stands, by what it holds. */
interface Place {
  readonly recipient: DeviceId
  readonly message: MessageId
}
