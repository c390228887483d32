import type { DeviceId } from '@kithmesh/protocol'
import type { OutboxEntry } from './outbox.ts'

/** As many as carrying puts into one queue (DEL-29); what is older is read from the disk. */
const MAX_PER_DEVICE = 512
/** Of all devices together: some 2 kB each. */
const MAX_IN_ALL = 4_096

/**
 * The newest entries of the outbox, held until they are removed: a lane that is waiting for them need not
 * read back from the disk what was just written there.
 */
export interface FreshEntries {
  /** It is on the disk. */
  add(entry: OutboxEntry): void
  /** It is sealed now, or no longer. */
  replace(entry: OutboxEntry): void
  remove(entry: Pick<OutboxEntry, 'recipient' | 'order'>): void
  /** Everything for a device behind `after`; undefined when only the disk knows that. */
  behind(recipient: DeviceId, after: number): readonly OutboxEntry[] | undefined
}

/** Nothing is fresh. */
export function createFreshEntries(): FreshEntries {
  const byDevice = new Map<DeviceId, Fresh>()
  let size = 0

  function add(entry: OutboxEntry): void {
    const { recipient, order } = entry
    const fresh = byDevice.get(recipient) ?? { from: order - 1, entries: [] }
    byDevice.set(recipient, fresh)
    if (order <= fresh.from) return
    // Batches come to the disk in their order; that each is told of in it is not relied on.
    const at = fresh.entries.findLastIndex((one) => one.order < order) + 1
    fresh.entries.splice(at, 0, entry)
    size += 1
    if (fresh.entries.length > MAX_PER_DEVICE) dropOldest(fresh)
    if (size > MAX_IN_ALL) dropDevice()
  }

  function dropOldest(fresh: Fresh): void {
    fresh.from = fresh.entries.shift()?.order ?? fresh.from
    size -= 1
  }

  /** Whose entries came first is most likely away. */
  function dropDevice(): void {
    for (const [device, { entries }] of byDevice) {
      byDevice.delete(device)
      size -= entries.length
      return
    }
  }

  function placeOf({ recipient, order }: Pick<OutboxEntry, 'recipient' | 'order'>): Place {
    const entries = byDevice.get(recipient)?.entries ?? []
    return { entries, at: entries.findIndex((one) => one.order === order) }
  }

  return {
    add,
    replace: (entry) => {
      const { entries, at } = placeOf(entry)
      if (at >= 0) entries[at] = entry
    },
    remove: (entry) => {
      const { entries, at } = placeOf(entry)
      if (at < 0) return
      entries.splice(at, 1)
      size -= 1
    },
    behind: (recipient, after) => {
      const fresh = byDevice.get(recipient)
      if (!fresh || after < fresh.from) return undefined
      return fresh.entries.filter(({ order }) => order > after)
    },
  }
}

interface Fresh {
  /** Everything behind this place is here. */
  from: number
  readonly entries: OutboxEntry[]
}

interface Place {
  readonly entries: OutboxEntry[]
  readonly at: number
}
