import type { AccountId, DeviceId } from '@kithmesh/protocol'
import type { LaneId, Withheld } from '@kithmesh/sync'
import type { AccountState } from '../account/account-state.ts'
import type { DeviceLogs } from '../account/device-logs.ts'
import type { DeviceContext } from '../context.ts'
import { codeOf } from '../faults.ts'
import type { HistoryApprovals } from './history-approvals.ts'
import type { OlderRecords } from './older-records.ts'

/**
 * What a sibling does not get: messages older than its linking, when it was linked from afar, for a while
 * (HIS-4), and those older than a person wants it to have (HIS-8).
 */
export interface Withholding {
  /** What is withheld from a sibling while an exchange runs, until `signal` aborts. */
  of(sibling: DeviceId, options: { readonly signal: AbortSignal }): Promise<Withheld>
}

/** Longest time a timer can be set to (setTimeout counts in 31 bits). */
const MAX_TIMER_MS = 2 ** 31 - 1

/** Looks at who gets how much, now and whenever it changes. */
export function createWithholding(
  { clock, scheduler, logger }: Pick<DeviceContext, 'clock' | 'scheduler' | 'logger'>,
  parts: {
    readonly account: AccountId
    readonly data: Pick<AccountState['data'], 'devices' | 'events'>
    readonly logs: Pick<DeviceLogs, 'standing'>
    readonly approvals: Pick<HistoryApprovals, 'events' | 'waitsUntil'>
    readonly older: OlderRecords
  },
): Withholding {
  const { account, data, logs, approvals, older } = parts

  /** The sibling gets nothing that was said before, ms since 1970 UTC; 0 when it gets all. */
  function limitOf(sibling: DeviceId): number {
    const isWaiting = approvals.waitsUntil(sibling) !== undefined
    const addedAt = isWaiting ? (logs.standing(account, sibling)?.addedAt ?? 0) : 0
    return Math.max(addedAt, data.devices.get(sibling)?.historySince ?? 0)
  }

  /** Calls `changed` when the sibling may be given more or less than before. */
  function watch(sibling: DeviceId, signal: AbortSignal, changed: () => void): void {
    approvals.events.addEventListener('history:approved', changed, { signal })
    data.events.addEventListener(
      'device:renamed',
      ({ detail }) => {
        if (detail.device === sibling) changed()
      },
      { signal },
    )
    let cancel = (): void => {}
    const waitForItsTime = (): void => {
      const until = approvals.waitsUntil(sibling)
      if (until === undefined) return
      const left = Math.min(until - clock.now(), MAX_TIMER_MS)
      cancel = scheduler.schedule(left, () => {
        changed()
        waitForItsTime()
      })
    }
    waitForItsTime()
    signal.addEventListener('abort', () => cancel(), { once: true })
  }

  return {
    of: async (sibling, { signal }) => {
      const listeners = new Set<() => void>()
      let shown = await older.than(limitOf(sibling))
      let isLooking = false

      /** One at a time, the newest counts: a device may change its own row as often as it likes (HIS-8). */
      async function look(): Promise<void> {
        if (isLooking) return
        isLooking = true
        try {
          while (!signal.aborted && limitOf(sibling) !== shown.limit) {
            const next = await older.than(limitOf(sibling))
            shown.close()
            shown = next
            if (signal.aborted) shown.close()
          }
        } finally {
          isLooking = false
        }
        for (const released of listeners) released()
      }
      function changed(): void {
        // What was withheld stays withheld until the log can be read.
        look().catch((error: unknown) => {
          logger.warn('how much a sibling gets is not known yet', { code: codeOf(error) })
        })
      }
      signal.addEventListener('abort', () => shown.close(), { once: true })
      if (signal.aborted) shown.close()
      watch(sibling, signal, changed)
      // It may have changed while the log was read.
      if (limitOf(sibling) !== shown.limit) await look()
      return {
        until: Number.POSITIVE_INFINITY,
        of: (lane: LaneId) => shown.of(lane),
        onReleased: (listener) => {
          listeners.add(listener)
          return () => listeners.delete(listener)
        },
      }
    },
  }
}
