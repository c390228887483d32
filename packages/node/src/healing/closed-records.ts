/** Records that stand on the disk while their epoch was lost: nobody reads them until it is back (OUT-5). */

import type { AccountLog, EpochId, LaneSpan } from '@kithmesh/sync'
import type { DeviceContext } from '../context.ts'
import type { AccountEpochs } from '../standing/account-epochs.ts'

/** Which records cannot be read, in one run of an account. */
export interface ClosedRecords {
  /** Resolves when an epoch came under which some stand: what was opened without them is opened anew. */
  readonly readable: Promise<void>
  /** Where they stand; waits until all were looked at. */
  places(): Promise<readonly LaneSpan[]>
}

/**
 * Looks for them where the store lost something, or no epoch was kept: elsewhere an epoch is on the disk before
 * all that is sealed under it. The records say which epochs are lacking: an older list of epochs may have come
 * back, or stand the one that this device began when it had none (STO-54).
 *
 * To be called before anybody can hand over an epoch.
 */
export function watchClosedRecords(
  { store, signal }: Pick<DeviceContext, 'store' | 'signal'>,
  {
    log,
    epochs,
  }: {
    readonly log: Pick<AccountLog, 'epochs' | 'holdings' | 'read'>
    readonly epochs: Pick<AccountEpochs, 'begun'>
  },
): ClosedRecords {
  const readable = Promise.withResolvers<void>()
  if (store.damage.length === 0 && !epochs.begun) {
    return { readable: readable.promise, places: async () => [] }
  }
  const known = new Set(log.epochs.list().map(({ id }) => id))
  const came = new Set<EpochId>()
  const lacking = new Set<EpochId>()
  const spans: LaneSpan[] = []

  const stop = log.epochs.onAdded(({ id }) => {
    came.add(id)
    if (lacking.has(id)) readable.resolve()
  })
  signal.addEventListener('abort', stop, { once: true })

  /** At those that stand there now: what comes later is opened before it is kept. */
  async function look(): Promise<void> {
    for (const { device, lane, stored } of log.holdings()) {
      for (const range of stored) {
        for await (const { epoch, seq } of log.read({ device, lane, ...range }, { signal })) {
          if (known.has(epoch)) continue
          lacking.add(epoch)
          addPlace(spans, { device, lane, from: seq, to: seq })
          if (came.has(epoch)) readable.resolve()
        }
      }
    }
  }

  const looked = look()
  // Whoever waits for the places hears of a failure.
  looked.catch(() => undefined)
  return {
    readable: readable.promise,
    places: async () => {
      await looked
      return spans
    },
  }
}

/** Neighbours are one span. */
function addPlace(spans: LaneSpan[], place: LaneSpan): void {
  const last = spans.at(-1)
  const isNext =
    last?.device === place.device && last.lane === place.lane && last.to + 1 === place.from
  if (last && isNext) spans.splice(-1, 1, { ...last, to: place.to })
  else spans.push(place)
}
