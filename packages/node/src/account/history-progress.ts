import { countRanges, type EventSource } from '@kithmesh/sync'
import type { NodeEvents } from '../api/events.ts'
import type { HistoryDigest, HistoryState } from '../api/history.ts'
import type { DeviceContext } from '../context.ts'
import type { HistoryApprovals } from '../linking/history-approvals.ts'
import type { Op } from '../store/store-types.ts'
import type { AccountState } from './account-state.ts'
import { type DigestOptions, historyDigest } from './history-digest.ts'

/** How far the messages of the account have come to this device. */
export interface HistoryProgress {
  state(): HistoryState
  digest(options?: DigestOptions): Promise<HistoryDigest>
}

/** Stands among the single values of a device that was linked and has not met all there is. */
const AWAITED = 'history awaited'
/** Lacking more records than this is a backlog that a person may want to see shrink; less comes at once. */
const BACKLOG = 128

/** Written with the account by a device that is linked: its history is still to come. */
export function awaitedOps({ tables }: Pick<DeviceContext, 'tables'>): readonly Op[] {
  return [tables.device.put(AWAITED, Uint8Array.of(1))]
}

/** Follows the exchanges with siblings, and tells of progress and end (HIS-9, HIS-10). */
export async function openHistoryProgress(
  context: DeviceContext,
  parts: {
    readonly state: AccountState
    readonly approvals: Pick<HistoryApprovals, 'waitsUntil'>
    readonly events: EventSource<NodeEvents>
  },
): Promise<HistoryProgress> {
  const { store, tables, signal, device: self, logger } = context
  const { state, approvals, events } = parts
  const { log, exchanges, data } = state
  let isAwaited = (await tables.device.get(AWAITED)) !== undefined
  /** A backlog is on its way: told of until it is here. */
  let isRunning = isAwaited
  /** As it was told of last. */
  let told = ''

  function now(): HistoryState {
    const received = log
      .holdings()
      .filter(({ lane }) => lane === 'messages')
      .reduce((sum, { stored }) => sum + countRanges(stored), 0)
    const lacking = exchanges.lacking('messages')
    const waitsUntil = approvals.waitsUntil(self)
    const since = data.devices.get(self)?.historySince
    const done = !isAwaited && lacking === 0 && waitsUntil === undefined
    const total = received + lacking
    return {
      received,
      total,
      percent: done ? 100 : Math.min(99, Math.floor((100 * received) / Math.max(1, total))),
      done,
      ...(since === undefined ? {} : { since }),
      ...(waitsUntil === undefined ? {} : { waitsUntil }),
    }
  }

  function look(): void {
    isRunning ||= exchanges.lacking('messages') > BACKLOG
    if (!isRunning) return
    const history = now()
    const shown = `${history.received}/${history.total}/${history.done}`
    if (shown === told) return
    told = shown
    events.emit('history:progress', history)
    if (!history.done) return
    isRunning = false
    events.emit('history:complete', history)
  }

  /** A sibling has nothing more for us: unless more is to come later, this was all. */
  function caughtUp(): void {
    const isWhole = exchanges.lacking('messages') === 0 && approvals.waitsUntil(self) === undefined
    if (isAwaited && isWhole) {
      isAwaited = false
      store
        .commit([tables.device.delete(AWAITED)])
        // It is found out again after the next start.
        .catch(() => logger.warn('the end of the history could not be written'))
    }
    look()
  }

  exchanges.events.addEventListener('sibling:progress', look, { signal })
  exchanges.events.addEventListener('sibling:caught-up', caughtUp, { signal })

  return {
    state: now,
    digest: (options) => historyDigest(context, options),
  }
}
